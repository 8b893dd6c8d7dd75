"""Quantised ONNX models in C: against TensorFlow Lite Micro's wheel and against onnxruntime."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.deployed import (
    as_bytes,
    compiled,
    needs_compiler,
    outputs,
    program_of,
    random_inputs,
    tflm_answers,
)
from support.qdq_nets import Build, QdqNet, Shape
from support.quantised_onnx import as_onnx, statically

import mcugraph as mg
from mcugraph.codegen.c_program import Program

Array = np.ndarray[Any, Any]


@needs_compiler
@pytest.mark.oracle("tflite_micro")
def test_a_network_of_the_same_integers_is_that_of_its_tflite_file(
    models: Path, tmp_path: Path
) -> None:
    """Written as ONNX, channels first, it makes the bytes that TFLM makes of the file."""
    names = ["ds_cnn", "autoencoder", "resnet", "inception", "densenet", "detector"]
    sources = [models / f"{name}_int8.tflite" for name in names]
    programs = [
        program_of(as_onnx(source, tmp_path / f"{source.stem}.onnx"), tmp_path)
        for source in sources
    ]
    host = compiled(programs, tmp_path)
    for i, (source, program) in enumerate(zip(sources, programs, strict=True)):
        given = random_inputs(program, 5, i)
        wanted = tflm_answers(source.read_bytes(), given)
        assert outputs(host, as_bytes(given), i) == wanted, source.stem
        assert program.arena == program_of(source, tmp_path).arena


@needs_compiler
@pytest.mark.oracle("onnxruntime")
def test_networks_of_a_quantiser(tmp_path: Path) -> None:
    """Within two steps of what onnxruntime makes of the file, and seldom off at all."""
    import onnxruntime

    paths = [
        statically("efficientnet", "QDQ", "QInt8"),
        statically("shufflenet", "QOperator", "QUInt8", per_channel=True),
        statically("unet", "QOperator", "QInt8"),
        statically("densenet", "QDQ", "QUInt8"),
        statically("siamese", "QDQ", "QInt8", per_channel=True),
    ]
    programs = [program_of(path, tmp_path) for path in paths]
    host = compiled(programs, tmp_path)
    for i, (path, program) in enumerate(zip(paths, programs, strict=True)):
        session = onnxruntime.InferenceSession(path)
        random = np.random.default_rng(i)
        given = {e.name: random.random(e.shape, np.float32) for e in session.get_inputs()}
        wanted = session.run(None, given)
        made = made_by(host, i, program, list(given.values()))
        for (result, step), expected in zip(made, wanted, strict=True):
            steps = np.abs(result - as_stored(expected, result.shape)) / step
            assert steps.max() <= 2.01, path
            assert steps.mean() <= 0.3, path


def as_stored(value: Array, shape: Shape) -> Array:
    """An image of ONNX with its channels last, where the program has it so."""
    if value.shape == shape:
        return value
    turned = np.moveaxis(value, 1, -1)
    assert turned.shape == shape
    return np.ascontiguousarray(turned)


def made_by(
    host: Path, number: int, program: Program, given: Sequence[Array]
) -> list[tuple[Array, float]]:
    """The outputs of a program, and the step from one value of each to the next."""
    values = [program.values[n] for n in program.inputs]
    data = [as_stored(v, to.shape) for v, to in zip(given, values, strict=True)]
    rest, found = outputs(host, as_bytes([data]), number), []
    for n in program.outputs:
        value = program.values[n]
        kind = value.dtype.numpy
        result = np.frombuffer(rest[: value.nbytes], kind).reshape(value.shape)
        rest = rest[value.nbytes :]
        makers = [step for step in program.steps if n in step.writes]
        scales = [program.values[r].scales for r in makers[0].reads if program.values[r].scales]
        floats = kind is not None and kind.kind == "f"
        found.append((result.astype(np.float64), scales[0][0] if floats else 1.0))
    return found


def integers(*shape: int, most: int = 100, kind: Any = np.int8) -> Array:
    return np.random.default_rng(1).integers(-most, most + 1, shape).astype(kind)


def numbers(*shape: int) -> Array:
    return np.random.default_rng(2).normal(size=shape).astype(np.float32)


def convolved(net: QdqNet, data: str, made: int = 7, read: int = 3, **attributes: Any) -> str:
    """A convolution with a scale a channel; nobody says the scale of its result."""
    scales = np.linspace(0.005, 0.01, made)
    return net.float("Conv", [data, net.weights(integers(made, read, 3, 3), scales)], **attributes)


def weights_around_128(net: QdqNet) -> tuple[str, float, int]:
    stored = (integers(7, 3, 3, 3).astype(int) + 128).astype(np.uint8)
    return net.float("Conv", [net.x, net.weights(stored, 0.01, 128)]), 0.2, -7


def weights_with_zero_points(net: QdqNet) -> tuple[str, float, int]:
    return net.float("Conv", [net.x, net.weights(integers(7, 3, 3, 3), 0.01, 5)]), 0.2, 2


def bias_of_floats(net: QdqNet) -> tuple[str, float, int]:
    weights = net.weights(integers(7, 3, 3, 3), np.linspace(0.001, 0.02, 7))
    bias = net.number(numbers(7))
    return net.float("Conv", [net.x, weights, bias], pads=[1, 0, 2, 1], strides=[2, 1]), 0.1, 0


def bias_of_another_scale(net: QdqNet) -> tuple[str, float, int]:
    bias = net.weights(integers(7, kind=np.int32), 0.02)
    return net.float("Conv", [net.x, net.weights(integers(7, 3, 1, 1), 0.01), bias]), 0.05, 0


def factors(net: QdqNet) -> tuple[str, float, int]:
    given = [net.x, net.weights(integers(4, 6), 0.01), net.number(numbers(4))]
    return net.float("Gemm", given, alpha=0.5, beta=2.0, transB=1), 0.05, 1


def a_sum_as_bias(net: QdqNet) -> tuple[str, float, int]:
    weights = net.weights(integers(6, 4), np.linspace(0.005, 0.01, 4), axis=1)
    product = net.float("MatMul", [net.x, weights])
    return net.float("Add", [net.number(numbers(4)), product]), 0.1, 1


def turned_weights(net: QdqNet) -> tuple[str, float, int]:
    weights = net.weights(integers(4, 6), np.linspace(0.005, 0.01, 4))
    turned = net.float("Transpose", [weights], perm=[1, 0])
    return net.float("MatMul", [net.x, turned]), 0.1, 0


def weights_of_floats_converted(net: QdqNet) -> tuple[str, float, int]:
    parameters = [net.number(np.float32(0.01)), net.number(np.int8(0))]
    stored = net.float("QuantizeLinear", [net.number(0.4 * numbers(6, 4)), *parameters])
    weights = net.float("DequantizeLinear", [stored, *parameters])
    return net.float("MatMul", [net.x, weights]), 0.02, 0


def several_scales_concatenated(net: QdqNet) -> tuple[str, float, int]:
    parts = [net.quantised(convolved(net, net.x), scale, -3) for scale in (0.1, 0.2)]
    return net.float("Concat", [*parts, *parts[:1]], axis=1), 0.15, 4


def fixed_results(net: QdqNet) -> tuple[str, float, int]:
    squashed = net.quantised(net.float("Sigmoid", [net.x]), 0.01, -100)
    spread = net.quantised(net.float("Tanh", [squashed]), 0.02)
    return net.float("Softmax", [spread], axis=-1), 1 / 100, -128


def pools_of_other_scales(net: QdqNet) -> tuple[str, float, int]:
    largest = net.float("MaxPool", [net.x], kernel_shape=[2, 2], strides=[1, 1])
    pooled = net.quantised(largest, 0.06, -2)
    return net.float("AveragePool", [pooled], kernel_shape=[3, 3], pads=[1] * 4), 0.06, -2


def clipped(net: QdqNet) -> tuple[str, float, int]:
    bounds = [net.number(np.float32(bound)) for bound in (-1.0, 3.0)]
    return net.float("Clip", [convolved(net, net.x), *bounds]), 0.05, 3


def relu_of_another_scale(net: QdqNet) -> tuple[str, float, int]:
    return net.float("Relu", [net.quantised(convolved(net, net.x), 0.1, 5)]), 0.15, -100


def relu_of_the_same_scale(net: QdqNet) -> tuple[str, float, int]:
    return net.float("Relu", [net.quantised(convolved(net, net.x), 0.1, 5)]), 0.1, 5


def moved_between(net: QdqNet) -> tuple[str, float, int]:
    """Nobody says the scales of what is pooled, nor of what is transposed before it is rounded."""
    pooled = net.float("MaxPool", [net.x], kernel_shape=[2, 2])
    return net.float("Transpose", [convolved(net, pooled)], perm=[0, 1, 3, 2]), 0.1, 0


def floats_between(net: QdqNet) -> tuple[str, float, int]:
    leaky = net.float("LeakyRelu", [convolved(net, net.x)], alpha=0.2)
    return net.float("Exp", [net.quantised(leaky, 0.02, 10)]), 0.1, -128


def read_before_it_is_rounded(net: QdqNet) -> tuple[str, float, int]:
    """As exporters of PyTorch write a residual block: what is added was rounded nowhere."""
    first = net.float("Relu", [convolved(net, net.x)])
    weights = net.weights(integers(7, 7, 1, 1), np.linspace(0.001, 0.002, 7))
    second = net.float("Conv", [net.quantised(first, 0.15, -128), weights, net.number(numbers(7))])
    total = net.float("Add", [first, net.float("Relu", [second])])
    pooled = net.float("MaxPool", [total], kernel_shape=[2, 2], strides=[2, 2])
    return net.float("ReduceMean", [pooled, net.number(np.array([2, 3]))], keepdims=0), 0.2, -100


def one_spatial_axis(net: QdqNet) -> tuple[str, float, int]:
    weights = net.weights(integers(4, 3, 3), np.linspace(0.005, 0.01, 4))
    made = net.quantised(net.float("Conv", [net.x, weights], pads=[1, 1]), 0.1)
    return net.float("ReduceMean", [made, net.number(np.array([2]))], keepdims=0), 0.02, 0


def transposed(net: QdqNet) -> tuple[str, float, int]:
    weights = net.weights(integers(3, 7, 3, 3), 0.01)
    attributes = {"strides": [2, 2], "pads": [1] * 4, "output_padding": [1, 1]}
    return net.float("ConvTranspose", [net.x, weights], **attributes), 0.1, 0


def scaled_by_constants(net: QdqNet) -> tuple[str, float, int]:
    product = net.float("Mul", [net.x, net.weights(integers(1, 3, 1, 1), 0.02)])
    return net.float("Add", [net.quantised(product, 0.1), net.x]), 0.15, -9


IMAGE: Shape = (1, 3, 6, 5)
NETS: dict[str, tuple[Shape, Build]] = {
    **{
        build.__name__: (IMAGE, build)
        for build in (
            *(weights_around_128, weights_with_zero_points, bias_of_floats, bias_of_another_scale),
            *(several_scales_concatenated, fixed_results, pools_of_other_scales, clipped),
            *(relu_of_another_scale, relu_of_the_same_scale, moved_between, floats_between),
            *(transposed, scaled_by_constants, read_before_it_is_rounded),
        )
    },
    **{
        build.__name__: ((2, 6), build)
        for build in (factors, a_sum_as_bias, turned_weights, weights_of_floats_converted)
    },
    "one_spatial_axis": ((1, 3, 9), one_spatial_axis),
}
# Operators that the integers need besides, or do without, by what TFLite calls them.
KINDS = {
    "a_sum_as_bias": ["FULLY_CONNECTED"],
    "bias_of_floats": ["PAD", "CONV_2D"],
    "clipped": ["CONV_2D", "MAXIMUM", "MINIMUM"],
    "factors": ["FULLY_CONNECTED"],
    "relu_of_another_scale": ["CONV_2D", "RELU"],
    "relu_of_the_same_scale": ["CONV_2D"],
    "turned_weights": ["FULLY_CONNECTED"],
    "weights_around_128": ["CONV_2D"],
    "weights_with_zero_points": ["CONV_2D"],
}


@needs_compiler
@pytest.mark.oracle("onnxruntime")
@pytest.mark.parametrize("kind", [np.int8, np.uint8])
def test_what_stands_between_conversions(kind: Any, tmp_path: Path) -> None:
    """Within one step an operator of what the file says, which onnxruntime does word for word."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    paths = []
    for name, (shape, build) in NETS.items():
        net = QdqNet(shape, kind)
        made, scale, zero = build(net)
        paths.append(net.save(tmp_path / f"{name}.onnx", made, scale, zero))
    programs = [program_of(path, tmp_path) for path in paths]
    host = compiled(programs, tmp_path)
    for i, (path, program) in enumerate(zip(paths, programs, strict=True)):
        steps = [step for step in program.steps if step.call is not None]
        ends = ["QUANTIZE"] * (kind == np.uint8)
        if path.stem in KINDS:
            assert [step.native for step in steps] == [*ends, *KINDS[path.stem], *ends], path.stem
        session = onnxruntime.InferenceSession(path, options)
        limits = np.iinfo(kind)
        given = np.random.default_rng(i).integers(
            limits.min, limits.max + 1, NETS[path.stem][0], kind
        )
        (wanted,) = session.run(None, {"x": given})
        ((result, _),) = made_by(host, i, program, [given])
        off = np.abs(result - as_stored(wanted, result.shape))
        computing = sum(step.native not in ("QUANTIZE", "DEQUANTIZE") for step in steps)
        assert off.max() <= max(1, computing - 1), path.stem
        assert off.mean() <= 0.3, path.stem
        assert np.ptp(wanted.astype(int)) > 10, path.stem


def asymmetric(net: QdqNet) -> str:
    return net.float("Conv", [net.x, net.weights(integers(7, 3, 3, 3, most=127), 0.01, 9)])


def by_the_wrong_axis(net: QdqNet) -> str:
    return net.float("Conv", [net.x, net.weights(integers(7, 3, 3, 3), np.ones(3), axis=1)])


def padded_by_a_value(net: QdqNet) -> str:
    pads = np.array([0, 0, 1, 1] * 2)
    return net.float("Pad", [net.x, net.number(pads), net.number(np.float32(1.5))])


def below_zero(net: QdqNet) -> str:
    rows = net.float("Reshape", [net.x, net.number(np.array([15, 6]))])
    return net.float("Gemm", [rows, net.weights(integers(6, 4), 0.01)], alpha=-1.0)


def by_a_scale_that_is_computed(net: QdqNet) -> str:
    largest = net.float("ReduceMax", [net.x], keepdims=0)
    stored = net.float("QuantizeLinear", [net.x, largest])
    return net.float("DequantizeLinear", [stored, largest])


def scale_of_zero(net: QdqNet) -> str:
    return net.float("Conv", [net.x, net.weights(integers(7, 3, 3, 3), 0.0)])


def too_many_scales(net: QdqNet) -> str:
    return net.float("Conv", [net.x, net.weights(integers(7, 3, 3, 3), np.ones(8))])


def bias_without_end(net: QdqNet) -> str:
    bias = net.number(np.full(7, np.inf, np.float32))
    return net.float("Conv", [net.x, net.weights(integers(7, 3, 3, 3), 0.1), bias])


def of_16_bits(net: QdqNet) -> str:
    parameters = [net.number(np.float32(0.1)), net.number(np.int16(0))]
    stored = net.float("QuantizeLinear", [convolved(net, net.x), *parameters])
    return net.float("DequantizeLinear", [stored, *parameters])


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (of_16_bits, r"tensor 't\d+' is quantised to int16; quantise what is computed to 8 bits"),
        (scale_of_zero, r"tensor 't\d+': its scale is 0\.0, which is no number above 0"),
        (too_many_scales, r"tensor 't\d+': its 8 scales do not fit the shape \(7, 3, 3, 3\)"),
        (bias_without_end, r"bias 'c\d+' holds numbers that are not finite"),
        (
            asymmetric,
            r"Conv \(n_t\d+\): its weights have a zero point.* symmetrically, as QInt8",
        ),
        (
            by_the_wrong_axis,
            r"Conv \(n_t\d+\): its weights have 3 scales that are not one",
        ),
        (padded_by_a_value, r"Pad \(n_t\d+\): of integers it pads with zeros alone, not with 1\.5"),
        (below_zero, r"Gemm \(n_t\d+\): its factor alpha is -1\.0"),
        (by_a_scale_that_is_computed, r"QuantizeLinear \(n_t\d+\): its scale is not known before"),
    ],
)
def test_what_has_no_int8_kernel_is_named(build: Any, said: str, tmp_path: Path) -> None:
    net = QdqNet(IMAGE)
    path = net.save(tmp_path / "m.onnx", build(net), 0.1)
    with pytest.raises(mg.GraphError, match=rf"m\.onnx: cannot be deployed: {said}"):
        mg.deploy(path, tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_weights_alone_are_floats_again(tmp_path: Path) -> None:
    """Stored as integers, read by a layer of floats."""
    net = QdqNet((2, 6))
    product = net.float("MatMul", [net.float("Exp", [net.x]), net.weights(integers(6, 4), 0.5)])
    path = net.save(tmp_path / "m.onnx", net.float("Exp", [product]), 0.1)
    kinds = [step.native for step in program_of(path, tmp_path).steps]
    assert kinds == ["DEQUANTIZE", "EXP", "FULLY_CONNECTED", "EXP", "QUANTIZE"]
    (layer,) = [s for s in program_of(path, tmp_path).steps if s.native == "FULLY_CONNECTED"]
    assert layer.call is not None
    assert layer.call.parameters is not None
    weights = next(t for t in layer.call.parameters.tables if t.role == "weights")
    np.testing.assert_array_equal(weights.values, 0.5 * integers(6, 4).T.astype(np.float32))
