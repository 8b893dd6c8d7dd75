"""Graphs run operator by operator, by PyTorch's functions and numpy: slow, and shares no rule."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from mcugraph.ir import Graph, Operator
from mcugraph.ops.attention import Attention
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.linear import Dense, MatMul
from mcugraph.ops.movement import ChannelShuffle, Flatten, Reshape, Squeeze, Transpose, Unsqueeze
from mcugraph.ops.normalization import BatchNorm, Normalization
from mcugraph.ops.pooling import GlobalPool, Pool
from mcugraph.ops.reduction import Reduce
from mcugraph.ops.selection import Concat, Pad, Resize, Slice, Split
from mcugraph.ops.window import SAME_LOWER, SAME_UPPER

Values = dict[str, Any]


@pytest.fixture(scope="session")
def run_graph() -> Callable[[Graph, Mapping[str, np.ndarray]], list[np.ndarray]]:
    """``run_graph(graph, {input: value})`` gives the outputs; channels-first graphs only."""
    pytest.importorskip("torch")
    return _run


def _run(graph: Graph, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    import torch

    values: Values = {name: torch.from_numpy(np.array(value)) for name, value in inputs.items()}
    for name, tensor in graph.tensors.items():
        if tensor.is_constant:
            assert tensor.constant is not None, name
            array = np.array(tensor.constant.array()).reshape(tensor.shape or ())
            values[name] = torch.from_numpy(array)
    with torch.no_grad():
        for operator in graph.operators:
            found = _apply(operator, [None if n is None else values[n] for n in operator.inputs])
            results = found if isinstance(found, list | tuple) else [found]
            for name, result in zip(operator.outputs, results, strict=True):
                assert tuple(result.shape) == graph.tensors[name].shape, operator
                values[name] = result
    return [values[name].numpy() for name in graph.outputs]


def _apply(operator: Operator, x: list[Any]) -> Any:
    result = _plain(operator.op, x)
    activation = getattr(operator.op, "activation", None)
    return result if activation is None else _function(activation, [result])


def _plain(op: Any, x: list[Any]) -> Any:
    import torch
    from torch.nn import functional as f

    if isinstance(op, Elementwise):
        return _function(op.function, x, op.bounds, op.parameters)
    if isinstance(op, Conv):
        data, pads = x[0], _pads(op, x)
        bias = x[2] if len(x) > 2 else None
        conv = (f.conv1d, f.conv2d, f.conv3d)[len(op.strides) - 1]
        return conv(f.pad(data, pads), x[1], bias, op.strides, 0, op.dilations, op.groups)
    if isinstance(op, ConvTranspose):
        return _transposed(op, x)
    if isinstance(op, Pool):
        dilations = op.dilations or (1,) * len(op.window)
        if op.function == "max":
            data = f.pad(x[0], _pads(op, x), value=-torch.inf)
            return f.max_pool2d(data, op.window, op.strides, 0, dilations)
        if op.divisor is not None:
            data, area = f.pad(x[0], _pads(op, x)), math.prod(op.window)
            return f.avg_pool2d(data, op.window, op.strides) * (area / op.divisor)
        if op.counts_padding:
            return f.avg_pool2d(f.pad(x[0], _pads(op, x)), op.window, op.strides)
        sums = f.avg_pool2d(f.pad(x[0], _pads(op, x)), op.window, op.strides)
        share = f.avg_pool2d(f.pad(torch.ones_like(x[0]), _pads(op, x)), op.window, op.strides)
        return sums / share
    if isinstance(op, GlobalPool):
        axes = tuple(range(2, x[0].ndim))
        return x[0].mean(axes, keepdim=True) if op.function == "average" else x[0].amax(axes, True)
    if isinstance(op, Reduce):
        axes = tuple(range(x[0].ndim)) if op.axes is None else op.axes
        named: dict[str, Any] = {"mean": torch.mean, "sum": torch.sum, "max": torch.amax}
        return named[op.function](x[0], axes, keepdim=op.keepdims)
    if isinstance(op, Dense):
        data = x[0].mT if op.transposed else x[0]
        if op.flatten:
            data = data.reshape(-1, x[1].shape[0 if op.weight_out else 1])
        product = data @ (x[1] if op.weight_out else x[1].mT)
        return product + x[2] if len(x) > 2 and x[2] is not None else product
    if isinstance(op, MatMul):
        a, b = (x[0].mT if op.transpose_a else x[0]), (x[1].mT if op.transpose_b else x[1])
        return a @ b
    if isinstance(op, BatchNorm):
        data, scale, shift, mean, variance = x
        return f.batch_norm(data, mean, variance, scale, shift, False, 0.0, op.epsilon)
    if isinstance(op, Normalization) and op.function == "softmax":
        return f.softmax(x[0], op.axes[0])
    if isinstance(op, Attention):
        return f.scaled_dot_product_attention(*x[:3], scale=1.0)
    if isinstance(op, Flatten | Reshape | Squeeze | Unsqueeze | Transpose | ChannelShuffle | Slice):
        return torch.from_numpy(np.array(op.move(x[0].numpy())))
    if isinstance(op, Pad):
        pads = [amount for pair in reversed(op.pads) for amount in pair]
        assert op.mode in ("constant", "lowest")
        return f.pad(x[0], pads, value=-torch.inf if op.mode == "lowest" else op.value)
    if isinstance(op, Concat):
        return torch.cat(x, op.axis)
    if isinstance(op, Split):
        sizes = op.sizes or (x[0].shape[op.axis] // (op.parts or 1),) * (op.parts or 1)
        return torch.split(x[0], sizes, op.axis)
    if isinstance(op, Resize) and op.method == "nearest":
        (shape,) = (t.shape for t in op.infer([_type(x[0])]) or ())
        return f.interpolate(x[0], shape[2:], mode="nearest")
    raise NotImplementedError(op.kind)


def _transposed(op: ConvTranspose, x: list[Any]) -> Any:
    """All that is written, with nothing around it; then what is kept of that, and the bias."""
    from torch.nn import functional as f

    rank = len(op.strides)
    turn = (f.conv_transpose1d, f.conv_transpose2d)[rank - 1]
    result = turn(x[0], x[1], None, op.strides, 0, 0, op.groups, op.dilations)
    for i in range(rank):
        written, axis, size = result.shape[2 + i], 2 + i, x[0].shape[2 + i] * op.strides[i]
        more = op.output_padding[i] if op.output_padding else 0
        if op.padding in (SAME_UPPER, SAME_LOWER):
            off = max(written + more - size, 0)
            start = off // 2 if op.padding == SAME_UPPER else off - off // 2
        else:
            start, end = op.padding.pairs[i] if op.padding.pairs else (0, 0)
            size = written + more - start - end
        missing = max(start + size - written, 0)
        result = f.pad(result, [0, 0] * (rank - 1 - i) + [0, missing]).narrow(axis, start, size)
    bias = x[2] if len(x) > 2 else None
    return result if bias is None else result + bias.view(1, -1, *(1,) * rank)


def _type(value: Any) -> Any:
    from mcugraph.ir import DType, TensorType

    return TensorType(DType.FLOAT32, tuple(value.shape))


def _pads(op: Conv | Pool, x: list[Any]) -> list[int]:
    """Amounts as ``torch.nn.functional.pad`` wants them: the last axis first."""
    window = op.window if isinstance(op, Pool) else tuple(x[1].shape[2:])
    dilations = op.dilations or (1,) * len(window)
    found: list[int] = []
    for axis in reversed(range(len(window))):
        size, reach = x[0].shape[2 + axis], dilations[axis] * (window[axis] - 1) + 1
        total = max((-(-size // op.strides[axis]) - 1) * op.strides[axis] + reach - size, 0)
        if op.padding == SAME_UPPER:
            found += [total // 2, total - total // 2]
        elif op.padding == SAME_LOWER:
            found += [total - total // 2, total // 2]
        else:
            found += list(op.padding.pairs[axis]) if op.padding.pairs else [0, 0]
    return found


def _hard_sigmoid(x: Any, slope: float = 1 / 6, offset: float = 0.5) -> Any:
    return (slope * x + offset).clamp(0, 1)


def _function(
    name: str, x: list[Any], bounds: Any = None, parameters: tuple[float, ...] = ()
) -> Any:
    import torch

    f = torch.nn.functional

    if name == "clip":
        low, high = (-torch.inf if bounds[0] is None else bounds[0]), bounds[1]
        return torch.clamp(x[0], low, high)
    unary = {
        "identity": lambda a: a,
        "dropout": lambda a: a,
        "relu": torch.relu,
        "relu6": lambda a: torch.clamp(a, 0, 6),
        "relu_n1_to_1": lambda a: torch.clamp(a, -1, 1),
        "relu_0_to_1": lambda a: torch.clamp(a, 0, 1),
        "sigmoid": torch.sigmoid,
        "silu": f.silu,
        "hard_swish": f.hardswish,
        "tanh": torch.tanh,
        "abs": torch.abs,
        "celu": lambda a: torch.celu(a, *parameters),
        "elu": lambda a: f.elu(a, *parameters),
        "gelu": lambda a: f.gelu(a, approximate="tanh"),
        "hard_shrink": lambda a: f.hardshrink(a, *parameters),
        "hard_sigmoid": lambda a: _hard_sigmoid(a, *parameters),
        "leaky_relu": lambda a: f.leaky_relu(a, *parameters),
        "log_sigmoid": f.logsigmoid,
        "mish": f.mish,
        "soft_shrink": lambda a: f.softshrink(a, *parameters),
        "softplus": lambda a: f.softplus(a, *parameters),
        "thresholded_relu": lambda a: f.threshold(a, *parameters),
        "log": torch.log,
        "rsqrt": torch.rsqrt,
    }
    if name in unary:
        return unary[name](x[0])
    binary: dict[str, Callable[[Any, Any], Any]] = {
        "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div,
        "maximum": torch.maximum, "minimum": torch.minimum,
    }  # fmt: skip
    if name not in binary:
        raise NotImplementedError(name)
    result = x[0]
    for operand in x[1:]:
        result = binary[name](result, operand.to(result.dtype))
    return result
