"""The messages that ONNX files are read as, against ONNX's own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import mcugraph as mg
from mcugraph.formats.onnx.messages import _MESSAGES, _TYPES, message_class, no_text

# Ours that ONNX keeps inside of others.
_INNER = {
    "TensorType": onnx.TypeProto.Tensor,
    "ElementType": onnx.TypeProto.Sequence,
    "Dimension": onnx.TensorShapeProto.Dimension,
}
_OF_OTHER_TYPE = {"type", "data_type", "data_location", "elem_type"}  # an enumeration is an integer


@pytest.mark.parametrize("name", _MESSAGES)
def test_fields_are_those_of_onnx(name: str) -> None:
    theirs = (_INNER.get(name) or getattr(onnx, name)).DESCRIPTOR.fields_by_name
    for field in message_class(name).DESCRIPTOR.fields:
        same = theirs[field.name]
        assert field.number == same.number
        assert (field.default_value == []) == (same.default_value == [])  # one, or several
        if field.name not in _OF_OTHER_TYPE:
            assert field.type == same.type


def test_what_is_not_read_is_kept(fixtures: Path) -> None:
    data = (fixtures / "models" / "mobilenet_v2.onnx").read_bytes()
    again = message_class("ModelProto").FromString(data).SerializeToString()
    mine, theirs = onnx.ModelProto.FromString(again), onnx.ModelProto.FromString(data)
    assert mine.producer_name == theirs.producer_name
    assert [str(i) for i in mine.graph.initializer] == [str(i) for i in theirs.graph.initializer]


def model() -> onnx.ModelProto:
    """Has a text in every place that there is for one."""
    weights = numpy_helper.from_array(np.ones(4, np.float32), "weights")
    external = TensorProto(name="far", data_type=1, dims=[1], data_location=1)
    external.external_data.add(key="location", value="file")
    body = helper.make_graph(
        [helper.make_node("Add", ["x", "weights"], ["z"], "adder")],
        "body",
        [],
        [helper.make_tensor_value_info("z", 1, ["batch", 4])],
    )
    graph = helper.make_graph(
        [
            helper.make_node("If", ["c"], ["y"], "chooser", then_branch=body, else_branch=body),
            helper.make_node("Own", ["y"], ["o"], "own", domain="mine"),
        ],
        "main",
        [
            helper.make_tensor_value_info("x", 1, ["batch", 4]),
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("o", 1, ["batch", 4])],
        [weights, external],
    )
    made = helper.make_node("Relu", ["a"], ["b"], "inner")
    function = helper.make_function("mine", "Own", ["a"], ["b"], [made], [])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    return helper.make_model(graph, functions=[function], opset_imports=opsets)


def places(message: Any, path: str = "") -> Iterator[tuple[str, Any, str, int | None]]:
    """Where the texts of one of our messages are: a path to show, message, field and index."""
    for field, value in message.ListFields():
        several = hasattr(value, "append")
        for i, entry in enumerate(value if several else [value]):
            if field.type == field.TYPE_STRING:
                yield f"{path}/{field.name}", message, field.name, i if several else None
            elif field.type == field.TYPE_MESSAGE:
                yield from places(entry, f"{path}/{field.name}")


def read() -> Any:
    return message_class("ModelProto").FromString(model().SerializeToString())


TEXTS = sorted({path for path, *_ in places(read())})


@pytest.mark.parametrize("wanted", TEXTS)
def test_text_that_is_none_is_shown(wanted: str, tmp_path: Path) -> None:
    made = read()
    _, message, field, index = next(place for place in places(made) if place[0] == wanted)
    if index is None:
        setattr(message, field, "MARKED_HERE")
    else:
        getattr(message, field)[index] = "MARKED_HERE"
    data = made.SerializeToString().replace(b"MARKED_HERE", b"MARKED\xff\xfe\xfdRE")
    assert no_text(data) == b"MARKED\xff\xfe\xfdRE"
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    with pytest.raises(mg.FormatError, match=r"the name b'MARKED\\xff\\xfe\\xfdRE' in it is no"):
        mg.load(path)


def test_protobuf_without_c_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(model().SerializeToString().replace(b"chooser", b"choos\xff\xfe"))
    done = subprocess.run(
        [sys.executable, "-m", "mcugraph", "profile", str(path)],
        env=os.environ | {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"mcugraph: {path}: the name b'choos")
    assert done.stderr.count("\n") == 1


def test_no_text_of_what_is_no_model() -> None:
    assert no_text(b"\x3a\xff") is None
    assert no_text(model().SerializeToString()) is None


def test_types_have_protobufs_numbers() -> None:
    from google.protobuf.descriptor import FieldDescriptor

    for name, number in _TYPES.items():
        assert number == getattr(FieldDescriptor, f"TYPE_{name.upper()}")
