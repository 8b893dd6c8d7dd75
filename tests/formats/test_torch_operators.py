"""Each operator of PyTorch: its translation, its shapes, its value where there is a rule for it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.ir import Graph, Kind, TensorType
from mcugraph.ops.elementwise import Convert, Elementwise
from mcugraph.ops.opaque import Declared, Opaque

torch = pytest.importorskip("torch")
F = torch.nn.functional
nn = torch.nn

Function = Callable[..., Any]


class Wrapped(nn.Module):
    """A function as a module."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Any) -> Any:
        return self.function(*args)


def t(*shape: int) -> torch.Tensor:
    return torch.randn(*shape)


def positive(*shape: int) -> torch.Tensor:
    return torch.rand(*shape) + 0.5


def ints(*shape: int, high: int = 4) -> torch.Tensor:
    return torch.randint(0, high, shape)


def bools(*shape: int) -> torch.Tensor:
    return torch.rand(*shape) > 0.5


X = (2, 6, 4, 8)

# Function, inputs, kinds of the operators in order.
Case = tuple[Function, tuple[torch.Tensor, ...], list[str]]

UNARY = {
    torch.relu: "relu", F.relu6: "relu6", F.leaky_relu: "leaky_relu", F.elu: "elu",
    F.selu: "selu", F.celu: "celu", torch.sigmoid: "sigmoid", F.hardsigmoid: "hard_sigmoid",
    torch.tanh: "tanh", F.silu: "silu", F.hardswish: "hard_swish", F.gelu: "gelu",
    F.mish: "mish", F.softplus: "softplus", F.logsigmoid: "log_sigmoid",
    F.hardtanh: "relu_n1_to_1", F.softshrink: "soft_shrink", F.hardshrink: "hard_shrink",
    torch.abs: "abs", torch.neg: "neg", torch.exp: "exp", torch.sqrt: "sqrt",
    torch.rsqrt: "rsqrt", torch.log: "log", torch.log2: "log2", torch.log1p: "log1p",
    torch.expm1: "expm1", torch.sin: "sin", torch.cos: "cos", torch.tan: "tan",
    torch.atan: "atan", torch.sinh: "sinh", torch.erf: "erf", torch.square: "square",
    torch.reciprocal: "reciprocal", torch.floor: "floor", torch.ceil: "ceil",
    torch.round: "round", torch.trunc: "trunc", torch.sign: "sign", torch.isnan: "isnan",
    torch.nan_to_num: "nan_to_num", torch.logical_not: "not", torch.isinf: "isinf",
}  # fmt: skip

BINARY = {
    torch.add: "add", torch.sub: "sub", torch.mul: "mul", torch.div: "div",
    torch.maximum: "maximum", torch.minimum: "minimum", torch.pow: "pow", torch.eq: "equal",
    torch.ne: "not_equal", torch.lt: "less", torch.le: "less_equal", torch.gt: "greater",
    torch.ge: "greater_equal", torch.remainder: "floor_mod", torch.fmod: "mod",
    torch.floor_divide: "floor_div", torch.atan2: "atan2", torch.logical_and: "and",
    torch.logical_or: "or", torch.logical_xor: "xor",
}  # fmt: skip

CASES: dict[str, Case] = {
    # element by element
    "scalar": (lambda x: 1 - x * 2.0 + 3, (t(*X),), ["mul", "sub", "add"]),
    "alpha": (lambda x, y: torch.add(x, y, alpha=3), (t(*X), t(*X)), ["mul", "add"]),
    "div floor": (
        lambda x, y: torch.div(x, y, rounding_mode="floor"), (t(*X), positive(*X)), ["floor_div"],
    ),
    "clamp": (lambda x: x.clamp(-2, 5), (t(*X),), ["clip"]),
    "clamp 6": (lambda x: x.clamp(0, 6), (t(*X),), ["relu6"]),
    "clamp low": (lambda x: x.clamp(min=0), (t(*X),), ["relu"]),
    "clamp_min": (lambda x: torch.clamp_min(x, 0), (t(*X),), ["relu"]),
    "hardtanh 6": (lambda x: F.hardtanh(x, 0.0, 6.0), (t(*X),), ["relu6"]),
    "threshold": (lambda x: F.threshold(x, 0.1, 20.0), (t(*X),), ["thresholded_relu"]),
    "prelu": (F.prelu, (t(*X), t(6)), ["prelu"]),
    "where": (torch.where, (bools(*X), t(*X), t(*X)), ["select"]),
    "masked_fill": (lambda x, m: x.masked_fill(m, 7.0), (t(*X), bools(*X)), ["select"]),
    "addcmul": (torch.addcmul, (t(*X), t(*X), t(*X)), ["addcmul"]),
    "lerp": (lambda x, y: torch.lerp(x, y, 0.5), (t(*X), t(*X)), ["lerp"]),
    "glu": (lambda x: F.glu(x, 1), (t(*X),), ["split", "sigmoid", "mul"]),
    "cast": (lambda x: x.half(), (t(*X),), ["cast"]),
    "to int": (lambda x: x.to(torch.int32), (t(*X),), ["cast"]),
    "same": (lambda x: x.contiguous().clone().detach().to(torch.float32) * 1, (t(*X),), ["mul"]),
    "dropout": (lambda x: F.dropout(x, 0.5, training=False), (t(*X),), ["dropout"]),
    "in place": (lambda x: (x * 2).add_(1).relu_(), (t(*X),), ["mul", "add", "relu"]),
    "broadcast": (lambda x, y: x + y, (t(*X), t(6, 1, 1)), ["add"]),
    "promotion": (lambda x, y: x + y, (t(*X), ints(*X)), ["add"]),
    # convolutions and products
    "conv1d": (F.conv1d, (t(2, 4, 9), t(6, 4, 3), t(6)), ["conv1d"]),
    "conv2d": (F.conv2d, (t(2, 4, 9, 8), t(6, 4, 3, 2)), ["conv2d"]),
    "conv3d": (F.conv3d, (t(2, 4, 5, 6, 7), t(6, 4, 3, 3, 3)), ["conv3d"]),
    "conv same": (
        lambda x, w: F.conv2d(x, w, padding="same", dilation=2),
        (t(2, 4, 9, 8), t(6, 4, 3, 2)), ["conv2d"],
    ),
    "conv valid": (
        lambda x, w: F.conv2d(x, w, padding="valid"), (t(2, 4, 9, 8), t(6, 4, 3, 2)), ["conv2d"],
    ),
    "conv strided": (
        lambda x, w: F.conv2d(x, w, stride=(2, 1), padding=(1, 2), dilation=(1, 2)),
        (t(2, 4, 9, 8), t(6, 4, 3, 2)), ["conv2d"],
    ),
    "conv grouped": (
        lambda x, w: F.conv2d(x, w, groups=2), (t(2, 4, 9, 8), t(6, 2, 3, 3)), ["conv2d"],
    ),
    "conv depthwise": (
        lambda x, w: F.conv2d(x, w, groups=4), (t(2, 4, 9, 8), t(8, 1, 3, 3)),
        ["depthwise_conv2d"],
    ),
    "conv single": (
        F.conv2d, (t(4, 9, 8), t(6, 4, 3, 3)), ["unsqueeze", "conv2d", "squeeze"],
    ),
    "transposed 1d": (F.conv_transpose1d, (t(2, 4, 9), t(4, 6, 3)), ["conv_transpose1d"]),
    "transposed 2d": (
        lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=1, output_padding=1, groups=2),
        (t(2, 4, 9, 8), t(4, 3, 3, 3)), ["conv_transpose2d"],
    ),
    "transposed 3d": (
        F.conv_transpose3d, (t(1, 2, 3, 4, 5), t(2, 3, 2, 2, 2)), ["conv_transpose3d"],
    ),
    "linear": (F.linear, (t(2, 5, 8), t(3, 8), t(3)), ["dense"]),
    "linear vector": (F.linear, (t(8), t(3, 8)), ["dense"]),
    "mm": (torch.mm, (t(3, 4), t(4, 5)), ["matmul"]),
    "bmm": (torch.bmm, (t(2, 3, 4), t(2, 4, 5)), ["matmul"]),
    "matmul": (torch.matmul, (t(2, 3, 4), t(4, 5)), ["matmul"]),
    "matmul vector": (torch.matmul, (t(2, 3, 4), t(4)), ["matmul"]),
    "dot": (torch.dot, (t(4), t(4)), ["matmul"]),
    "mv": (torch.mv, (t(3, 4), t(4)), ["matmul"]),
    "inner": (torch.inner, (t(2, 3, 4), t(5, 4)), ["einsum"]),
    "outer": (torch.outer, (t(3), t(4)), ["einsum"]),
    "addmm": (torch.addmm, (t(5), t(3, 4), t(4, 5)), ["matmul", "add"]),
    "baddbmm": (
        lambda b, x, y: torch.baddbmm(b, x, y, beta=2, alpha=0.5),
        (t(2, 3, 5), t(2, 3, 4), t(2, 4, 5)), ["matmul", "mul", "mul", "add"],
    ),
    "einsum": (
        lambda x, y: torch.einsum("bhid, bhjd", x, y), (t(2, 3, 4, 5), t(2, 3, 6, 5)), ["einsum"],
    ),
    "tensordot": (
        lambda x, y: torch.tensordot(x, y, dims=([1, 2], [2, 0])),
        (t(2, 3, 4), t(4, 5, 3)), ["einsum"],
    ),
    "bilinear": (F.bilinear, (t(2, 3), t(2, 4), t(5, 3, 4), t(5)), ["einsum", "add"]),
    "attention": (
        F.scaled_dot_product_attention, (t(2, 3, 4, 5), t(2, 3, 6, 5), t(2, 3, 6, 7)),
        ["attention"],
    ),
    "attention 3": (
        F.scaled_dot_product_attention, (t(2, 4, 5), t(2, 6, 5), t(2, 6, 7)), ["attention"],
    ),
    "attention mask": (
        lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, attn_mask=m),
        (t(2, 3, 4, 5), t(2, 3, 6, 5), t(2, 3, 6, 5), bools(4, 6)), ["attention"],
    ),
    "attention 5": (
        F.scaled_dot_product_attention, (t(2, 2, 3, 4, 5), t(2, 2, 3, 6, 5), t(2, 2, 3, 6, 7)),
        ["reshape", "reshape", "reshape", "attention", "reshape"],
    ),
    # pooling, reductions, norms
    "max_pool1d": (lambda x: F.max_pool1d(x, 3, 2), (t(2, 4, 9),), ["max_pool1d"]),
    "max_pool2d": (
        lambda x: F.max_pool2d(x, 3, 2, 1, ceil_mode=True), (t(2, 4, 9, 8),), ["max_pool2d"],
    ),
    "max_pool dilated": (
        lambda x: F.max_pool2d(x, 3, 1, 0, 2), (t(2, 4, 9, 8),), ["max_pool2d"],
    ),
    "max_pool3d": (lambda x: F.max_pool3d(x, 2), (t(1, 2, 4, 6, 8),), ["max_pool3d"]),
    "max_pool indices": (
        lambda x: F.max_pool2d(x, 2, return_indices=True), (t(2, 4, 8, 8),), ["max_pool2d"],
    ),
    "max_pool single": (
        lambda x: F.max_pool2d(x, 2), (t(4, 8, 8),), ["unsqueeze", "max_pool2d", "squeeze"],
    ),
    "avg_pool1d": (lambda x: F.avg_pool1d(x, 3, 2), (t(2, 4, 9),), ["average_pool1d"]),
    "avg_pool2d": (
        lambda x: F.avg_pool2d(x, (3, 2), padding=1), (t(2, 4, 9, 8),), ["average_pool2d"],
    ),
    "avg_pool3d": (lambda x: F.avg_pool3d(x, 2), (t(1, 2, 4, 6, 8),), ["average_pool3d"]),
    "global pool": (
        lambda x: F.adaptive_avg_pool2d(x, 1), (t(2, 4, 9, 8),), ["global_average_pool"],
    ),
    "global max pool": (
        lambda x: F.adaptive_max_pool2d(x, 1), (t(2, 4, 9, 8),), ["global_max_pool"],
    ),
    "adaptive even": (
        lambda x: F.adaptive_avg_pool2d(x, (3, None)), (t(2, 4, 9, 8),), ["average_pool2d"],
    ),
    "adaptive uneven": (
        lambda x: F.adaptive_avg_pool2d(x, (4, 3)), (t(2, 4, 9, 8),), ["adaptive_average_pool2d"],
    ),
    "adaptive 1d": (lambda x: F.adaptive_avg_pool1d(x, 1), (t(2, 4, 9),), ["global_average_pool"]),
    "adaptive max": (
        lambda x: F.adaptive_max_pool2d(x, 5, return_indices=True), (t(2, 4, 9, 8),),
        ["adaptive_max_pool2d"],
    ),
    "mean": (lambda x: x.mean((2, 3)), (t(*X),), ["reduce_mean"]),
    "mean all": (lambda x: x.mean(), (t(*X),), ["reduce_mean"]),
    "sum": (lambda x: x.sum(-1, keepdim=True), (t(*X),), ["reduce_sum"]),
    "sum dtype": (lambda x: x.sum(-1, dtype=torch.float64), (t(*X),), ["reduce_sum"]),
    "amax": (lambda x: x.amax((1, 2)), (t(*X),), ["reduce_max"]),
    "prod": (lambda x: x.prod(1), (t(*X),), ["reduce_prod"]),
    "any": (lambda x: x.any(1), (bools(*X),), ["reduce_any"]),
    "var": (lambda x: x.var(1, keepdim=True), (t(*X),), ["reduce_var"]),
    "std": (lambda x: x.std((1, 2)), (t(*X),), ["reduce_std"]),
    "norm": (lambda x: torch.linalg.vector_norm(x, dim=1), (t(*X),), ["reduce_l2"]),
    "logsumexp": (lambda x: x.logsumexp(1), (t(*X),), ["reduce_log_sum_exp"]),
    "aminmax": (lambda x: x.aminmax(dim=1), (t(*X),), ["reduce_min", "reduce_max"]),
    "argmax": (lambda x: x.argmax(1), (t(*X),), ["arg_max"]),
    "argmax all": (lambda x: x.argmax(), (t(*X),), ["arg_max"]),
    "max": (lambda x: x.max(), (t(*X),), ["reduce_max"]),
    "max dim": (lambda x: x.max(1), (t(*X),), ["reduce_max", "arg_max"]),
    "max values": (lambda x: x.max(1, keepdim=True)[0], (t(*X),), ["reduce_max"]),
    "min indices": (lambda x: x.min(1)[1], (t(*X),), ["arg_min"]),
    "max of two": (lambda x, y: torch.max(x, y), (t(*X), t(*X)), ["maximum"]),
    "cumsum": (lambda x: x.cumsum(1), (t(*X),), ["cumsum"]),
    "topk": (lambda x: x.topk(3, 1), (t(*X),), ["top_k"]),
    "sort": (lambda x: x.sort(1), (t(*X),), ["sort"]),
    "argsort": (lambda x: x.argsort(1), (t(*X),), ["argsort"]),
    "batch_norm": (
        lambda x, a, b, m, v: F.batch_norm(x, m, v, a, b), (t(*X), t(6), t(6), t(6), positive(6)),
        ["batch_norm"],
    ),
    "layer_norm": (
        lambda x, a, b: F.layer_norm(x, (4, 8), a, b), (t(*X), t(4, 8), t(4, 8)), ["layer_norm"],
    ),
    "rms_norm": (lambda x, a: F.rms_norm(x, (8,), a), (t(*X), t(8)), ["rms_norm"]),
    "group_norm": (
        lambda x, a, b: F.group_norm(x, 3, a, b), (t(*X), t(6), t(6)), ["group_norm"],
    ),
    "instance_norm": (F.instance_norm, (t(*X),), ["instance_norm"]),
    "softmax": (lambda x: F.softmax(x, 1), (t(*X),), ["softmax"]),
    "log_softmax": (lambda x: F.log_softmax(x, -1), (t(*X),), ["log_softmax"]),
    # movement
    "view": (lambda x: x.view(2, -1, 8), (t(*X),), ["reshape"]),
    "reshape": (lambda x: x.reshape(12, 32), (t(*X),), ["reshape"]),
    "flatten": (lambda x: x.flatten(1), (t(*X),), ["flatten"]),
    "flatten 2": (lambda x: x.flatten(2), (t(*X),), ["reshape"]),
    "flatten middle": (lambda x: x.flatten(1, 2), (t(*X),), ["reshape"]),
    "flatten nothing": (lambda x: x.flatten(1) * 1, (t(2, 6),), ["mul"]),
    "unflatten": (lambda x: x.unflatten(1, (3, -1)), (t(*X),), ["reshape"]),
    "permute": (lambda x: x.permute(0, 2, -1, 1), (t(*X),), ["transpose"]),
    "transpose": (lambda x: x.transpose(1, -1), (t(*X),), ["transpose"]),
    "t": (lambda x: x.t(), (t(3, 4),), ["transpose"]),
    "mT": (lambda x: x.mT, (t(*X),), ["transpose"]),
    "movedim": (lambda x: x.movedim(1, -1), (t(*X),), ["transpose"]),
    "movedim several": (lambda x: x.movedim((0, 1), (3, 0)), (t(*X),), ["transpose"]),
    "squeeze": (lambda x: x.squeeze(), (t(2, 1, 3, 1),), ["squeeze"]),
    "squeeze dim": (lambda x: x.squeeze(-1), (t(2, 1, 3, 1),), ["squeeze"]),
    "squeeze nothing": (lambda x: x.squeeze(0) * 1, (t(2, 1),), ["mul"]),
    "unsqueeze": (lambda x: x.unsqueeze(-1), (t(*X),), ["unsqueeze"]),
    "unsqueeze index": (lambda x: x[:, None], (t(*X),), ["unsqueeze"]),
    "expand": (lambda x: x.expand(3, -1, 4), (t(3, 2, 1),), ["expand"]),
    "expand lead": (lambda x: x.expand(5, 3, 2, -1), (t(3, 2, 4),), ["expand"]),
    "flip": (lambda x: x.flip(1, 2), (t(*X),), ["reverse"]),
    "fliplr": (torch.fliplr, (t(*X),), ["reverse"]),
    "roll": (lambda x: torch.roll(x, (1, -2), (2, 3)), (t(*X),), ["roll"]),
    "pixel_shuffle": (lambda x: F.pixel_shuffle(x, 2), (t(2, 8, 3, 5),), ["depth_to_space"]),
    "pixel_unshuffle": (lambda x: F.pixel_unshuffle(x, 2), (t(2, 3, 4, 6),), ["space_to_depth"]),
    "channel_shuffle": (lambda x: F.channel_shuffle(x, 3), (t(*X),), ["channel_shuffle"]),
    # joined, cut, looked up
    "cat": (lambda x, y: torch.cat((x, y), -3), (t(*X), t(2, 3, 4, 8)), ["concat"]),
    "stack": (lambda x, y: torch.stack((x, y), -1), (t(*X), t(*X)), ["stack"]),
    "hstack": (lambda x, y: torch.hstack((x, y)), (t(*X), t(*X)), ["concat"]),
    "vstack": (lambda x, y: torch.vstack((x, y)), (t(*X), t(*X)), ["concat"]),
    "split": (lambda x: x.split(4, 1), (t(*X),), ["split"]),
    "split sizes": (lambda x: x.split([1, 3, 2], 1), (t(*X),), ["split"]),
    "split once": (lambda x: x.split(6, 1)[0] * 1, (t(*X),), ["mul"]),
    "chunk": (lambda x: x.chunk(2, 1), (t(*X),), ["split"]),
    "chunk uneven": (lambda x: x.chunk(4, 1), (t(2, 9),), ["split"]),
    "tensor_split": (lambda x: torch.tensor_split(x, 4, 1), (t(2, 9),), ["split"]),
    "hsplit": (lambda x: x.hsplit(3), (t(*X),), ["split"]),
    "unbind": (lambda x: x.unbind(1), (t(*X),), ["unstack"]),
    "slice": (lambda x: x[:, 1:5:2], (t(*X),), ["slice"]),
    "slice two": (lambda x: x[:, :, ::2, ::2], (t(*X),), ["slice", "slice"]),
    "slice end": (lambda x: x[:, :-1], (t(*X),), ["slice"]),
    "slice nothing": (lambda x: x[:, :] * 1, (t(*X),), ["mul"]),
    "select": (lambda x: x[:, -1], (t(*X),), ["slice"]),
    "narrow": (lambda x: x.narrow(1, 2, 3), (t(*X),), ["slice"]),
    "index": (lambda x, i: x[:, i], (t(*X), ints(3)), ["gather"]),
    "index matrix": (lambda x, i: x[i], (t(5, 7), ints(3, 2)), ["gather"]),
    "index two": (lambda x, i, j: x[i, j], (t(5, 7), ints(3), ints(3)), ["index"]),
    "index constant": (lambda x: x[:, [0, 2]], (t(*X),), ["gather"]),
    "index_select": (lambda x, i: x.index_select(1, i), (t(*X), ints(3)), ["gather"]),
    "gather": (lambda x, i: x.gather(1, i), (t(5, 7), ints(5, 3)), ["gather_elements"]),
    "embedding": (F.embedding, (ints(2, 3), t(4, 5)), ["gather"]),
    "repeat_interleave": (lambda x: x.repeat_interleave(3, 1), (t(*X),), ["gather"]),
    "repeat": (lambda x: x.repeat(1, 2, 1, 3), (t(*X),), ["tile"]),
    "repeat lead": (lambda x: x.repeat(3, 1, 2), (t(2, 5),), ["reshape", "tile"]),
    "scatter": (
        lambda x, i, y: x.scatter(1, i, y), (t(5, 7), ints(5, 3), t(5, 3)), ["scatter"],
    ),
    "pad": (lambda x: F.pad(x, (1, 2, 0, 3)), (t(*X),), ["pad"]),
    "pad channels": (lambda x: F.pad(x, (0, 0, 0, 0, 2, 2)), (t(*X),), ["pad"]),
    "pad reflect": (lambda x: F.pad(x, (1, 1, 2, 2), mode="reflect"), (t(*X),), ["pad"]),
    "pad replicate": (lambda x: F.pad(x, (1, 1, 2, 2), mode="replicate"), (t(*X),), ["pad"]),
    "pad circular": (lambda x: F.pad(x, (1, 1, 2, 2), mode="circular"), (t(*X),), ["pad"]),
    "nearest": (lambda x: F.interpolate(x, scale_factor=2), (t(*X),), ["resize_nearest"]),
    "bilinear resize": (
        lambda x: F.interpolate(x, size=(5, 7), mode="bilinear"), (t(*X),), ["resize_linear"],
    ),
    "bicubic": (
        lambda x: F.interpolate(x, size=(5, 7), mode="bicubic"), (t(*X),), ["resize_cubic"],
    ),
    "linear resize": (
        lambda x: F.interpolate(x, scale_factor=3, mode="linear"), (t(2, 3, 4),),
        ["resize_linear"],
    ),
    "cosine": (F.cosine_similarity, (t(*X), t(*X)), ["cosine_similarity"]),
    "one_hot": (lambda i: F.one_hot(i, 5), (ints(2, 3),), ["one_hot"]),
    "tril": (torch.tril, (t(4, 4),), ["trilu"]),
    "made": (
        lambda x: x + torch.arange(8) + torch.zeros(8) + torch.full((1,), 2.0), (t(*X),),
        ["add", "add", "add"],
    ),
    "like": (lambda x: x + torch.zeros_like(x) + x.new_ones(8), (t(*X),), ["add", "add"]),
    "random": (lambda x: x + torch.rand(8), (t(*X),), ["random", "add"]),
    **{f"unary {name}": (function, (positive(*X),), [name]) for function, name in UNARY.items()},
    **{
        f"binary {name}": (function, (positive(*X), positive(*X)), [name])
        for function, name in BINARY.items()
    },
}  # fmt: skip

# Operands of two types: rules for values do not promote them.
MIXED = {"promotion", "made"}


def types(graph: Graph, names: tuple[str | None, ...]) -> list[TensorType | None]:
    tensors = [None if name is None else graph.tensors[name] for name in names]
    return [None if x is None else TensorType(x.dtype, x.shape or ()) for x in tensors]


def check_rules(graph: Graph) -> None:
    """Every operator's own rule gives the shapes that PyTorch gives, and types where it can."""
    for operator in graph.operators:
        assert not isinstance(operator.op, Opaque), operator
        results = operator.op.infer(types(graph, operator.inputs))
        if isinstance(operator.op, Declared):
            continue
        assert results is not None, operator
        wanted = types(graph, operator.outputs)
        assert [x.shape for x in results] == [x and x.shape for x in wanted], operator
        if not isinstance(operator.op, Elementwise | Convert):  # promotion of types
            assert list(results) == wanted, operator


def run(graph: Graph, values: list[np.ndarray[Any, Any]]) -> list[Any] | None:
    """The outputs by the rules that fold constants; None where there is no such rule."""
    known: dict[str, Any] = dict(zip(graph.inputs, values, strict=True))
    for name, tensor in graph.tensors.items():
        if tensor.kind is Kind.CONSTANT and tensor.constant is not None:
            known[name] = tensor.constant.array()
    for operator in graph.operators:
        results = operator.op.evaluate([None if n is None else known[n] for n in operator.inputs])
        if results is None:
            return None
        known.update(zip(operator.outputs, results, strict=False))
    return [known[name] for name in graph.outputs]


def leaves(value: Any) -> list[torch.Tensor]:
    return [value] if isinstance(value, torch.Tensor) else [x for v in value for x in leaves(v)]


@pytest.mark.parametrize("name", CASES)
def test_operator(name: str) -> None:
    function, inputs, kinds = CASES[name]
    model = Wrapped(function)
    graph = mg.from_torch(model, inputs)
    assert [operator.op.kind for operator in graph.operators] == kinds
    check_rules(graph)
    wanted = leaves(model(*inputs))
    assert [graph.tensors[o].shape for o in graph.outputs] == [tuple(x.shape) for x in wanted]
    found = run(graph, [x.numpy() for x in inputs])
    if found is not None and name not in MIXED:
        for ours, theirs in zip(found, wanted, strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-6)
    assert mg.profile(graph).complete


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_operator_of_a_decomposed_program(name: str) -> None:
    """Core ATen, as ``run_decompositions`` leaves it: same shapes, nothing unknown."""
    function, inputs, _ = CASES[name]
    program = torch.export.export(Wrapped(function), inputs).run_decompositions()
    graph = mg.from_torch(program)
    check_rules(graph)
    wanted = leaves(function(*inputs))
    assert [graph.tensors[o].shape for o in graph.outputs] == [tuple(x.shape) for x in wanted]
    found = run(graph, [x.numpy() for x in inputs])
    if found is not None and name not in MIXED:
        for ours, theirs in zip(found, wanted, strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-4, atol=1e-5)
