"""One ONNX operator, run by ONNX Runtime and read by the importer."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

Arrays = Mapping[str, np.ndarray[Any, Any]]


def onnx_bytes(
    type_: str,
    inputs: Arrays,
    outputs: int = 1,
    constants: Arrays | None = None,
    opset: int = 20,
    **attributes: Any,
) -> bytes:
    """A model of one node; ``inputs`` are fed, ``constants`` stored; "" leaves an input out."""
    from onnx import TensorProto, helper, numpy_helper

    constants = constants or {}
    types = {name: helper.np_dtype_to_tensor_dtype(v.dtype) for name, v in inputs.items()}
    # Inputs are called a, b, c ... in the operator's order, whether stored or not.
    last = max(map(ord, [*inputs, *constants]), default=ord("a") - 1)
    names = [chr(code) for code in range(ord("a"), last + 1)]
    node = helper.make_node(
        type_,
        [name if name in inputs or name in constants else "" for name in names],
        [f"y{i}" for i in range(outputs)],
        **attributes,
    )
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info(n, types[n], v.shape) for n, v in inputs.items()],
        [
            helper.make_tensor_value_info(f"y{i}", TensorProto.UNDEFINED, None)
            for i in range(outputs)
        ],
        [numpy_helper.from_array(v, n) for n, v in constants.items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    for value in model.graph.output:
        value.ClearField("type")
    return bytes(model.SerializeToString())


def runtime_results(data: bytes, inputs: Arrays) -> list[np.ndarray[Any, Any]]:
    """What ONNX Runtime computes; None where it refuses the model."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    results: list[np.ndarray[Any, Any]] = session.run(None, dict(inputs))
    return results


class Refused(Exception):
    """ONNX Runtime does not take the model."""


def compare(
    type_: str, inputs: Arrays, outputs: int = 1, constants: Arrays | None = None, **attributes: Any
) -> None:
    """Shapes and element types, and values where all inputs are constants.

    Raises:
        Refused: ONNX Runtime does not take the model.
    """
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    from mcugraph.formats.dims import Bindings
    from mcugraph.formats.onnx.importer import load_onnx

    data = onnx_bytes(type_, inputs, outputs, constants, **attributes)
    try:
        expected = runtime_results(data, inputs)
    except (
        state.Fail,
        state.InvalidArgument,
        state.InvalidGraph,
        state.NotImplemented,
        state.RuntimeException,
    ) as error:
        raise Refused(str(error)) from error
    graph = load_onnx("one.onnx", data, Bindings("one.onnx", None))
    for i, value in enumerate(expected):
        tensor = graph.tensors[f"y{i}"]
        assert tensor.shape == value.shape, f"{type_} {attributes}"
        assert np.dtype(value.dtype).name in (tensor.dtype.label, "bool")
        if tensor.constant is not None:
            found = tensor.constant.array()
            assert found.shape == value.shape
            np.testing.assert_allclose(found, value, rtol=1e-6)
    if not inputs:
        assert all(t.is_constant for t in graph.tensors.values())


@pytest.fixture(scope="session")
def against_runtime() -> Callable[..., None]:
    """``compare``: an ONNX operator as ONNX Runtime computes it and as the importer reads it."""
    return compare


@pytest.fixture(scope="session")
def refused() -> type[Exception]:
    """What ``against_runtime`` raises where ONNX Runtime does not take a model."""
    return Refused


@pytest.fixture(scope="session")
def one_node() -> Callable[..., bytes]:
    """``onnx_bytes``: an ONNX model of one node."""
    return onnx_bytes


@pytest.fixture(scope="session")
def run() -> Callable[..., list[np.ndarray[Any, Any]]]:
    """``runtime_results``: what ONNX Runtime computes; skips where it is not installed."""
    pytest.importorskip("onnxruntime")
    return runtime_results
