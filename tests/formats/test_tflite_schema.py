"""The tables of our schema against those that the schema's own compiler made."""

import inspect
import re
from importlib import import_module
from typing import Any

import pytest

from mcugraph.formats.tflite import options, schema
from mcugraph.formats.tflite.codes import BUILTINS
from mcugraph.formats.tflite.flatbuffer import (
    EMPTY,
    Bytes,
    Child,
    Children,
    Damage,
    Flag,
    Number,
    Numbers,
    Span,
    Table,
    Text,
)

TABLES = [
    kind
    for module in (schema, options)
    for kind in vars(module).values()
    if isinstance(kind, type) and kind.__module__ == module.__name__
]
FIELDS = Number | Flag | Text | Numbers | Bytes | Span | Child | Children
FORMS = {"b": "Int8", "i": "Int32", "I": "Uint32", "Q": "Uint64"}


def compiled(kind: type[Table]) -> Any:
    return getattr(import_module(f"tflite.{kind.__name__}"), kind.__name__)


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.__name__)
def test_fields(kind: type[Table]) -> None:
    theirs = compiled(kind)
    fields = {name: field for name, field in vars(kind).items() if isinstance(field, FIELDS)}
    assert fields
    for name, field in fields.items():
        accessor = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
        source = inspect.getsource(getattr(theirs, accessor))
        assert f"Offset({4 + 2 * field.number})" in source, name
        flags = re.search(r"Get\(flatbuffers\.number_types\.(\w+)Flags", source)
        if isinstance(field, Number | Numbers):
            assert flags is not None, name
            assert flags[1] == FORMS[field.form], name
        if isinstance(field, Flag):
            assert flags is not None, name
            assert flags[1] == "Bool", name
        if isinstance(field, Number | Flag) and name != "builtin_code":
            assert source.rstrip().endswith(f"return {field.default}"), name
        vectors = isinstance(field, Numbers | Bytes | Span | Children)
        assert vectors == hasattr(theirs, f"{accessor}Length"), name
        if isinstance(field, Text):
            assert "String(" in source, name


def test_operator_names() -> None:
    theirs = import_module("tflite.BuiltinOperator").BuiltinOperator
    codes = {code: name for name, code in vars(theirs).items() if name.isupper()}
    assert codes == dict(enumerate(BUILTINS))


def test_fields_that_are_left_out() -> None:
    tensor = schema.Tensor(*EMPTY)
    assert tensor.shape is None
    assert tensor.quantization is None
    assert (tensor.name, tensor.type, tensor.is_variable) == ("", 0, False)
    assert schema.SubGraph(*EMPTY).tensors == []
    assert schema.Operator(*EMPTY).custom_options == b""
    assert schema.Buffer(*EMPTY).data == (0, 0)


@pytest.mark.parametrize("count", [2, 1 << 31])
def test_a_vector_behind_the_end(count: int) -> None:
    # A table with one field: a vector of integers, of which only one is there.
    data = bytes([6, 0, 8, 0, 4, 0, 0, 0, 8, 0, 0, 0, 4, 0, 0, 0])
    data += count.to_bytes(4, "little") + bytes(4)
    with pytest.raises(Damage, match=f"a vector of {count} entries"):
        _ = options.ReshapeOptions(data, 8).new_shape
    whole = data[:16] + bytes([1, 0, 0, 0, 7, 0, 0, 0])
    assert options.ReshapeOptions(whole, 8).new_shape == (7,)
