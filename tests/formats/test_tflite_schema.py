"""The tables that TFLite files are read as, against the accessors that flatbuffers generates."""

import struct
from importlib import import_module
from typing import Any

import flatbuffers
import numpy as np
import pytest
from tflite.BuiltinOperator import BuiltinOperator

from mcugraph.formats.tflite.flatbuffer import Flatbuffer
from mcugraph.formats.tflite.table_views import NUMBERS
from mcugraph.formats.tflite.tflite_schema import _TABLES, OPERATOR_NAMES, table_class

FIELDS = [
    (table, *entry.split()[1:])
    for table, entries in _TABLES.items()
    for entry in filter(None, entries.split(", "))
]
_WIDTHS = {"[int32]": 4, "[float32]": 4, "[int64]": 8, "[uint8]": 1}


def accessor(field: str) -> str:
    return "".join(word.capitalize() for word in field.split("_"))


def value(builder: Any, kind: str) -> Any:
    """Something of a type in a file that is being built: a number, or where it lies."""
    if kind in NUMBERS:
        return kind == "bool" or 100
    if kind == "string":
        return builder.CreateString("näme")
    if kind in _WIDTHS:
        builder.StartVector(_WIDTHS[kind], 3, _WIDTHS[kind])
        prepend = getattr(builder, f"Prepend{kind.strip('[]').capitalize()}")
        for number in (3, 2, 1):
            prepend(number)
        return builder.EndVector()
    builder.StartObject(0)
    inner = builder.EndObject()
    if not kind.startswith("["):
        return inner
    builder.StartVector(4, 1, 4)
    builder.PrependUOffsetTRelative(inner)
    return builder.EndVector()


@pytest.mark.parametrize(("table", "field", "kind"), FIELDS, ids=lambda part: str(part))
def test_fields_are_read_as_generated_code_reads_them(table: str, field: str, kind: str) -> None:
    module, kind = import_module(f"tflite.{table}"), kind.partition("=")[0]
    builder = flatbuffers.Builder(64)
    held = value(builder, kind)
    getattr(module, f"{table}Start")(builder)
    getattr(module, f"{table}Add{accessor(field)}")(builder, held)
    builder.Finish(getattr(module, f"{table}End")(builder))
    file = Flatbuffer(bytes(builder.Output()))
    theirs = getattr(module, table).GetRootAs(file.data, 0)
    found = getattr(table_class(table)(file, file.root), field)
    same = getattr(theirs, accessor(field))
    if kind in NUMBERS:
        assert found == held == (held if field == "builtin_code" else same())
    elif kind == "string":
        assert found == same().decode() == "näme"
    elif kind == "[uint8]":
        assert file.data[slice(*found)] == b"\x01\x02\x03"
    elif kind in _WIDTHS:
        assert np.array_equal(found, getattr(theirs, f"{accessor(field)}AsNumpy")())
        assert list(found) == [1, 2, 3]
    elif kind == "union":
        assert found == same().Pos
    elif kind.startswith("["):
        assert [inner.start for inner in found] == [same(0)._tab.Pos]
    else:
        assert found.start == same()._tab.Pos


@pytest.mark.parametrize("table", _TABLES)
def test_fields_that_are_left_out(table: str) -> None:
    ours = table_class(table).empty()
    theirs = getattr(import_module(f"tflite.{table}"), table)()
    theirs.Init(ours.file.data, ours.start)
    for name, field, kind in FIELDS:
        if name != table:
            continue
        found = getattr(ours, field)
        if kind.partition("=")[0] in NUMBERS:
            assert found == getattr(theirs, accessor(field))()
        else:
            assert found in (None, "", [], (0, 0))


def test_operators_have_the_names_of_the_schema() -> None:
    theirs = {code: name for name, code in vars(BuiltinOperator).items() if name.isupper()}
    assert dict(enumerate(OPERATOR_NAMES)) == theirs


def test_what_points_behind_the_end_is_an_error() -> None:
    with pytest.raises(struct.error):
        _ = Flatbuffer(b"\xff\xff\xff\x7f").places(1 << 20)
    with pytest.raises(ValueError, match="before the file"):
        Flatbuffer(b"\xff\xff\xff\x7f").places(0)
