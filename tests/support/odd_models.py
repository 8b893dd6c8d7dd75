"""ONNX models with what exporters rarely write: functions, control flow, sequences, constants."""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]


def _info(name: str, shape: Any, kind: int = FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def _model(nodes: list[Any], constants: dict[str, Any], **more: Any) -> bytes:
    graph = helper.make_graph(
        nodes,
        "net",
        [_info("x", [1, 4, 8, 8])],
        [_info("y", None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return bytes(helper.make_model(graph, opset_imports=OPSETS, **more).SerializeToString())


def _functions() -> bytes:
    inner = helper.make_function(
        "own", "inner", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])], OPSETS, ["alpha"]
    )
    scaled = helper.make_node("LeakyRelu", ["b"], ["c"])
    alpha = scaled.attribute.add()
    alpha.name, alpha.ref_attr_name, alpha.type = "alpha", "alpha", onnx.AttributeProto.FLOAT
    outer = helper.make_function(
        "own",
        "outer",
        ["a"],
        ["c"],
        [helper.make_node("inner", ["a"], ["b"], domain="own"), scaled],
        OPSETS,
        ["alpha"],
    )
    nodes = [
        helper.make_node("outer", ["x"], ["m"], domain="own", alpha=0.5),
        helper.make_node("inner", ["m"], ["y"], domain="own"),
    ]
    return _model(nodes, {}, functions=[inner, outer])


def _control() -> bytes:
    branches = {
        name: helper.make_graph(
            [helper.make_node(kind, ["x"], [f"{name}_y"])], name, [], [_info(f"{name}_y", None)]
        )
        for name, kind in (("then_branch", "Relu"), ("else_branch", "Neg"))
    }
    loop = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["on"]),
            helper.make_node("Add", ["carried", "x"], ["next"]),
            helper.make_node("ReduceMean", ["next"], ["mean"], axes=[1, 2, 3], keepdims=0),
        ],
        "loop",
        [_info("i", [], INT64), _info("go", [], BOOL), _info("carried", None)],
        [_info("on", [], BOOL), _info("next", None), _info("mean", None)],
    )
    scan = helper.make_graph(
        [helper.make_node("Add", ["state", "part"], ["sum"])],
        "scan",
        [_info("state", None), _info("part", None)],
        [_info("sum", None)],
    )
    nodes = [
        helper.make_node("ReduceSum", ["x"], ["total"], keepdims=0),
        helper.make_node("Cast", ["total"], ["sign"], to=BOOL),
        helper.make_node("If", ["sign"], ["chosen"], **branches),
        helper.make_node("Loop", ["three", "true", "chosen"], ["looped", "means"], body=loop),
        helper.make_node(
            "Scan", ["zero", "looped"], ["y"], body=scan, num_scan_inputs=1, scan_input_axes=[1]
        ),
    ]
    constants = {
        "three": np.int64(3),
        "true": np.bool_(True),
        "zero": np.zeros((1, 8, 8), np.float32),
    }
    return _model(nodes, constants)


def _quantised() -> bytes:
    def pair(name: str, zero: str = "zero") -> list[Any]:
        return [
            helper.make_node("QuantizeLinear", [name, "scale", zero], [f"{name}_q"]),
            helper.make_node("DequantizeLinear", [f"{name}_q", "scale", zero], [f"{name}_d"]),
        ]

    nodes = [
        *pair("x"),
        helper.make_node("DequantizeLinear", ["w", "scale", "zero"], ["w_d"]),
        helper.make_node("Conv", ["x_d", "w_d", "b"], ["c"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["c"], ["r"]),
        *pair("r"),
        helper.make_node("GlobalAveragePool", ["r_d"], ["g"]),
        *pair("g"),
        helper.make_node("Flatten", ["g_d"], ["y"]),
    ]
    constants = {
        "scale": np.float32(0.1),
        "zero": np.int8(0),
        "w": np.ones((6, 4, 3, 3), np.int8),
        "b": np.ones(6, np.float32),
    }
    return _model(nodes, constants)


def _shapes() -> bytes:
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Slice", ["s", "zeros", "ones"], ["n"]),
        helper.make_node("Range", ["i0", "i4", "i1"], ["r"]),
        helper.make_node("ReduceSum", ["r"], ["total"], keepdims=1),
        helper.make_node("Concat", ["n", "minus", "total"], ["to"], axis=0),
        helper.make_node("ConstantOfShape", ["two"], ["filled"]),
        helper.make_node("Expand", ["ones", "two"], ["grown"]),
        helper.make_node("Reshape", ["x", "pairs"], ["p"]),
        helper.make_node("Split", ["p", "halves"], ["h0", "h1"], axis=1),
        helper.make_node("SequenceConstruct", ["h0", "h1"], ["list"]),
        helper.make_node("SequenceAt", ["list", "i1"], ["h"]),
        helper.make_node("Pad", ["h", "around"], ["padded"]),
        helper.make_node("Gather", ["padded", "rows"], ["picked"], axis=1),
        helper.make_node("TopK", ["picked", "two"], ["best", "where"]),
        helper.make_node("Reshape", ["h1", "to"], ["y"]),
    ]
    constants = {
        "zeros": np.array([0]), "ones": np.array([1]), "i0": np.int64(0), "i4": np.int64(4),
        "i1": np.int64(1), "minus": np.array([-1]), "two": np.array([2]), "rows": np.array([0, 1]),
        "pairs": np.array([2, 16, 8]), "halves": np.array([4, 12]),
        "around": np.array([0, 1, 0, 0, 1, 0]),
    }  # fmt: skip
    return _model(nodes, constants)


ODD = {
    "functions": _functions,
    "control": _control,
    "quantised": _quantised,
    "shapes": _shapes,
}
"""Makes the bytes of each model."""
