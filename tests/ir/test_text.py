"""The text form is stable: for people, diffs and golden tests."""

from pathlib import Path

import mcugraph as mg
from mcugraph.ir import DType, Graph, Kind, Operator, Source, Tensor, to_text, type_text
from mcugraph.ops.control import If
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.linear import Dense
from mcugraph.ops.pooling import Pool
from mcugraph.ops.window import VALID

GOLDEN = """\
graph 'main' (%input: float32[1,160])
  %layers/0: float32[1,48] = dense<activation='relu'>(%input, \
constant %layers/0/weight: float32[48,160], constant %layers/0/bias: float32[48])
  %layers/3: float32[1,48] = dense<activation='relu'>(%layers/0, \
constant %layers/3/weight: float32[48,48], constant %layers/3/bias: float32[48])
  %layers/6: float32[1,8] = dense<activation='relu'>(%layers/3, \
constant %layers/6/weight: float32[8,48], constant %layers/6/bias: float32[8])
  %layers/9: float32[1,48] = dense<activation='relu'>(%layers/6, \
constant %layers/9/weight: float32[48,8], constant %layers/9/bias: float32[48])
  %layers/12: float32[1,48] = dense<activation='relu'>(%layers/9, \
constant %layers/12/weight: float32[48,48], constant %layers/12/bias: float32[48])
  %output: float32[1,160] = dense(%layers/12, \
constant %restore/weight: float32[160,48], constant %restore/bias: float32[160])
  return %output"""


def test_a_model_file(models: Path) -> None:
    graph = mg.load(models / "autoencoder_float.tflite")
    assert to_text(graph) == GOLDEN
    assert str(graph) == GOLDEN


def test_every_kind_of_value_and_a_subgraph() -> None:
    tensors = [
        Tensor("x", DType.INT8, (1, 4, 4, 2)),
        Tensor("w", DType.INT4, (3, 2), Kind.CONSTANT),
        Tensor("s", DType.FLOAT32, (), Kind.STATE),
        Tensor("y", DType.INT8, (1, 2, 2, 2)),
        Tensor("z", DType.UINT8, None),
        Tensor("c", DType.BOOL, ()),
    ]
    inner_tensors = [
        Tensor("y", DType.INT8, (1, 2, 2, 2), Kind.OUTER),
        Tensor("r", DType.UINT8, None),
    ]
    inner = Graph(
        "then",
        (Operator("relu", Elementwise("relu"), ("y",), ("r",), "Relu"),),
        {t.name: t for t in inner_tensors},
        (),
        ("r",),
        Source("onnx"),
    )
    graph = Graph(
        "net",
        (
            Operator(
                "pool",
                Pool("max", (2, 2), (2, 2), VALID, channel_axis=-1),
                ("x",),
                ("y",),
                "MAX_POOL_2D",
            ),
            Operator("fc", Dense(), ("y", "w", None, "s"), (), "FULLY_CONNECTED"),
            Operator("if", If(("then",)), ("c", "y"), ("z",), "If"),
        ),
        {t.name: t for t in tensors},
        ("x", "c"),
        ("z", "y"),
        Source("onnx"),
        {"then": inner},
    )
    assert to_text(graph) == (
        "graph 'net' (%x: int8[1,4,4,2], %c: bool[])\n"
        "  %y: int8[1,2,2,2] = max_pool2d<function='max', window=(2, 2), strides=(2, 2), "
        "padding=VALID, channel_axis=-1>(%x)\n"
        "  () = dense(%y, constant %w: int4[3,2], -, state %s: float32[])\n"
        "  %z: uint8[?] = if<subgraphs=('then',)>(%c, %y)\n"
        "  return %z, %y\n"
        "\n"
        "subgraph 'then': graph 'then' ()\n"
        "  %r: uint8[?] = relu<function='relu'>(outer %y: int8[1,2,2,2])\n"
        "  return %r"
    )


def test_types() -> None:
    assert type_text(Tensor("t", DType.INT8, (1, 96, 96, 3))) == "int8[1,96,96,3]"
    assert type_text(Tensor("t", DType.FLOAT32, ())) == "float32[]"
    assert type_text(Tensor("t", DType.STRING, None)) == "string[?]"
