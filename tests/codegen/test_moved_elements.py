"""Elements that are moved, cast or found, against numpy; what TFLM lacks, against LiteRT."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.deployed import compiled, needs_compiler, outputs, program_of
from support.one_operator import numbers, one_operator
from support.tflite_writer import T

pytestmark = needs_compiler
_SHAPE = (2, 3, 4)


def real(*shape: int) -> T:
    return T("", shape, "float32")


def made(model: bytes, folder: Path, *inputs: np.ndarray[Any, Any]) -> bytes:
    host = compiled([program_of(model, folder)], folder)
    return outputs(host, b"".join(value.tobytes() for value in inputs))


@pytest.fixture
def data() -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).normal(size=_SHAPE).astype(np.float32) * 100


def test_places_that_are_inputs(data: np.ndarray[Any, Any], tmp_path: Path) -> None:
    """Those that lie behind the axis are its last."""
    places = np.array([2, 0, 0, 7, -5], np.int32)
    operands = [real(*_SHAPE), T("", (5,), "int32")]
    options: dict[int, tuple[str, Any]] = {0: ("i32", 1)}
    model = one_operator("GATHER", operands, [real(2, 5, 4)], "GatherOptions", options)
    wanted = data.take(places, 1, mode="clip")
    assert made(model, tmp_path, data, places) == wanted.tobytes()


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "int64", "uint8", "bool", "float32"])
def test_casts(kind: str, data: np.ndarray[Any, Any], tmp_path: Path) -> None:
    model = one_operator("CAST", [real(*_SHAPE)], [T("", _SHAPE, kind)], "CastOptions")
    wanted = data.astype(np.int64).astype(kind) if kind not in ("bool", "float32") else data
    found = made(model, tmp_path, data)
    assert found == wanted.astype(kind).tobytes()
    if kind != "bool":
        back = one_operator("CAST", [T("", _SHAPE, kind)], [real(*_SHAPE)], "CastOptions")
        stored = np.frombuffer(found, kind)
        assert made(back, tmp_path, stored) == stored.astype(np.float32).tobytes()


def test_repeated_reversed_and_broadcast(data: np.ndarray[Any, Any], tmp_path: Path) -> None:
    for name, operand, shape, wanted in (
        ("TILE", numbers(2, 1, 3), (4, 3, 12), np.tile(data, (2, 1, 3))),
        ("REVERSE_V2", numbers(0, 2), _SHAPE, data[::-1, :, ::-1]),
        ("BROADCAST_TO", numbers(2, 3, 4), _SHAPE, np.broadcast_to(data[:, :1], _SHAPE)),
    ):
        given = data[:, :1] if name == "BROADCAST_TO" else data
        model = one_operator(name, [real(*given.shape), operand], [real(*shape)])
        assert made(model, tmp_path, given) == np.ascontiguousarray(wanted).tobytes()


def test_a_shape_is_a_constant(data: np.ndarray[Any, Any], tmp_path: Path) -> None:
    model = one_operator("SHAPE", [real(*_SHAPE)], [T("", (3,), "int32")], "ShapeOptions")
    assert made(model, tmp_path, data) == np.array(_SHAPE, np.int32).tobytes()


@pytest.mark.oracle("ai_edge_litert")
@pytest.mark.parametrize("approximate", [False, True])
def test_gelu(approximate: bool, data: np.ndarray[Any, Any], tmp_path: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    options: dict[int, tuple[str, Any]] = {0: ("bool", approximate)}
    model = one_operator("GELU", [real(*_SHAPE)], [real(*_SHAPE)], "GeluOptions", options)
    interpreter = Interpreter(
        model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], data / 50)
    interpreter.invoke()
    wanted = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    # LiteRT has its own approximations of both functions.
    found = np.frombuffer(made(model, tmp_path, data / 50), np.float32).reshape(_SHAPE)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-7)
