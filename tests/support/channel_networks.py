"""Small networks whose operators work channel by channel, made of random choices."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from hypothesis import strategies as st

from support.tflite_writer import G, Node, T, tflite_bytes

_WIDTHS = {"float32": "<f4", "int8": "i1", "int16": "<i2", "int32": "<i4", "int64": "<i8"}
_CONV, _DEPTHWISE, _POOL = "Conv2DOptions", "DepthwiseConv2DOptions", "Pool2DOptions"


@dataclass
class Growing:
    """A network that grows by an operator at a time.

    Attributes:
        kind: Type of what operators compute.
        per_channel: Whether weights have a scale a channel.
        four_bits: Whether weights have four bits.
        biased: Whether every operator has a bias that may have one.
        now: The tensor that the next operator reads.
        kernel, stride: The largest window, and the largest step of one.
    """

    draw: Any
    kind: str
    per_channel: bool
    four_bits: bool
    random: np.random.Generator
    biased: bool = False
    tensors: list[T] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    now: int = 0
    kernel: int = 3
    stride: int = 2

    def data(self, shape: Sequence[int], like: T | None = None) -> int:
        """A tensor that an operator writes."""
        tensor = T(f"long/path/t{len(self.tensors)};more", list(shape), self.kind)
        if self.kind != "float32":
            tensor.scales = [self.random.uniform(0.02, 0.1)] if like is None else like.scales
            zero = int(self.random.integers(-20, 20)) if self.kind == "int8" else 0
            tensor.zero_point = zero if like is None else like.zero_point
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def constant(self, values: np.ndarray, kind: str, scales: Sequence[float] = ()) -> int:
        data = values.astype(_WIDTHS.get(kind, "i1")).tobytes()
        if kind == "int4":
            halves = np.append(values.ravel() & 15, 0)[: -(-values.size // 2) * 2].reshape(-1, 2)
            data = (halves[:, 0] | halves[:, 1] << 4).astype(np.uint8).tobytes()
        name = f"long/path/t{len(self.tensors)}"
        self.tensors.append(T(name, list(values.shape), kind, data, scales=scales))
        return len(self.tensors) - 1

    def shape(self) -> list[int]:
        return list(self.tensors[self.now].shape or ())

    def add(self, name: str, inputs: Sequence[int], out: int, union: str = "", *opts: Any) -> None:
        self.nodes.append(Node(name, [self.now, *inputs], [out], dict(enumerate(opts)), union))
        self.now = out

    def weights(self, shape: Sequence[int], axis: int) -> list[int]:
        """Weights and a bias, if any."""
        channels = shape[axis]
        if self.kind == "float32":
            found = [self.constant(self.random.normal(size=shape), "float32")]
            if self.biased or self.draw(st.booleans()):
                found.append(self.constant(self.random.normal(size=channels), "float32"))
            return found
        count = channels if self.per_channel else 1
        scales = self.random.uniform(0.001, 0.02, count).tolist()
        most = 7 if self.four_bits else 127
        values = self.random.integers(-most, most, shape, endpoint=True)
        found = [self.constant(values, "int4" if self.four_bits else "int8", scales)]
        self.tensors[-1].axis = axis % len(shape)
        if self.biased or self.draw(st.booleans()):
            (given,) = self.tensors[self.now].scales
            bias = self.random.integers(-500, 500, channels)
            kind = "int32" if self.kind == "int8" else "int64"
            found.append(self.constant(bias, kind, [scale * given for scale in scales]))
        return found

    def window(self, kernel: int, dilated: bool = True) -> tuple[list[int], list[Any]]:
        """Spatial result and options of an operator with a window; None: it does not fit."""
        height, width = self.shape()[1:3]
        padding, stride = self.draw(st.integers(0, 1)), self.draw(st.integers(1, self.stride))
        dilation = self.draw(st.integers(1, 2)) if dilated and stride == 1 else 1
        reach = (kernel - 1) * dilation + 1
        if reach > min(height, width):
            padding = 0
        made = [
            -(-size // stride) if padding == 0 else (size - reach) // stride + 1
            for size in (height, width)
        ]
        return made, [("i8", padding), ("i32", stride), ("i32", stride), ("i32", dilation)]

    def convolution(self, channels: int, groups: int = 1) -> None:
        kernel, activation = (
            self.draw(st.integers(1, self.kernel)),
            self.draw(st.sampled_from((0, 1, 3))),
        )
        made, (*steps, dilation) = self.window(kernel, groups == 1)
        depth = self.shape()[-1] // groups
        weights = self.weights((channels, kernel, kernel, depth), 0)
        out = self.data([1, *made, channels])
        options = [*steps, ("i8", activation), dilation, dilation]
        self.add("CONV_2D", weights, out, _CONV, *options)

    def depthwise(self, multiplier: int) -> None:
        kernel, activation = (
            self.draw(st.integers(1, self.kernel)),
            self.draw(st.sampled_from((0, 1, 3))),
        )
        made, (*steps, dilation) = self.window(kernel)
        channels = self.shape()[-1] * multiplier
        weights = self.weights((1, kernel, kernel, channels), 3)
        out = self.data([1, *made, channels])
        options = [*steps, ("i32", multiplier), ("i8", activation), dilation, dilation]
        self.add("DEPTHWISE_CONV_2D", weights, out, _DEPTHWISE, *options)

    def follow(self) -> bool:
        """Grow by an operator that works channel by channel; whether others may follow."""
        name = self.draw(st.sampled_from(_FOLLOWERS[self.kind]))
        last, shape = self.tensors[self.now], self.shape()
        channels = shape[-1]
        if name == "DEPTHWISE":
            self.depthwise(self.draw(st.integers(1, 2)))
        elif name == "GROUPED":
            self.convolution(channels, channels)
        elif name.endswith("POOL_2D"):
            size = self.draw(st.integers(1, 2))
            made, options = self.window(size, dilated=False)
            options[3:] = [("i32", size), ("i32", size)]
            self.add(name, [], self.data([1, *made, channels], last), _POOL, *options)
        elif name == "PAD":
            around = [0, 0, *self.draw(st.tuples(*[st.integers(0, 2)] * 4)), 0, 0]
            pads = self.constant(np.array(around).reshape(4, 2), "int32")
            made = [shape[1] + sum(around[2:4]), shape[2] + sum(around[4:6])]
            self.add("PAD", [pads], self.data([1, *made, channels], last), "PadOptions")
        elif name == "MEAN":
            keep = self.draw(st.booleans())
            axes = self.constant(np.array(self.draw(st.sampled_from(((1, 2), (2, 1))))), "int32")
            out = self.data([1, 1, 1, channels] if keep else [1, channels])
            self.add("MEAN", [axes], out, "ReducerOptions", ("bool", keep))
            return False
        elif name == "RESHAPE":
            made = [1, shape[1] * shape[2], 1, channels]
            stated = self.constant(np.array(made), "int32")
            out = self.data(made, last)
            self.add("RESHAPE", [stated], out, "ReshapeOptions", ("i32s", made))
        elif name == "RESIZE_NEAREST_NEIGHBOR":
            made = [shape[1] * 2, shape[2] + 1]
            stated = self.constant(np.array(made), "int32")
            out = self.data([1, *made, channels], last)
            self.add(name, [stated], out, "ResizeNearestNeighborOptions")
        elif name in ("ADD", "MUL", "SUB"):
            length = self.draw(st.sampled_from((1, channels)))
            values = self.random.integers(-100, 100, (1, 1, 1, length))
            kind = self.kind
            scales = () if kind == "float32" else [0.03]
            other = self.constant(values, kind, scales)
            union = f"{name.capitalize()}Options"
            self.add(name, [other], self.data(shape), union, ("i8", 0))
        elif name == "PRELU":
            slopes = self.random.integers(-100, 100, (1, 1, channels))
            scales = () if self.kind == "float32" else [0.01]
            self.add(name, [self.constant(slopes, self.kind, scales)], self.data(shape))
        elif name == "LEAKY_RELU":
            self.add(name, [], self.data(shape), "LeakyReluOptions", ("f32", 0.3))
        elif name == "LOGISTIC":
            out = self.data(shape)
            if self.kind == "int8":
                self.tensors[out].scales, self.tensors[out].zero_point = [1 / 256], -128
            self.add(name, [], out)
        elif name == "SWISH":
            before = self.now
            out = self.data(shape)
            if self.kind == "int8":
                self.tensors[out].scales, self.tensors[out].zero_point = [1 / 256], -128
            self.add("LOGISTIC", [], out)
            self.add("MUL", [before], self.data(shape), "MulOptions", ("i8", 0))
        else:
            self.add(name, [], self.data(shape, last if name == "RELU6" else None))
        return True


_BOTH = (
    *("DEPTHWISE", "AVERAGE_POOL_2D", "MAX_POOL_2D", "PAD", "MEAN", "RESHAPE", "ADD", "MUL", "SUB"),
    *("LEAKY_RELU", "LOGISTIC", "SWISH", "RELU", "RESIZE_NEAREST_NEIGHBOR"),
)
_FOLLOWERS = {
    "float32": (*_BOTH, "PRELU", "TANH", "HARD_SWISH", "GROUPED"),
    "int8": (*_BOTH, "PRELU", "HARD_SWISH", "GROUPED"),
    "int16": ("DEPTHWISE", "AVERAGE_POOL_2D", "MAX_POOL_2D", "PAD", "MEAN", "ADD"),
}


@st.composite
def channel_networks(draw: st.DrawFn, biased: bool = False) -> bytes:
    """A file: a head that makes channels, some operators that keep to them, and one that reads."""
    kind = draw(st.sampled_from(("int8", "float32", "int16")))
    random = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    four_bits = kind == "int8" and draw(st.integers(0, 4)) == 0
    grown = Growing(draw, kind, draw(st.booleans()), four_bits, random, biased)
    one = draw(st.booleans())
    size = draw(st.integers(3, 6))
    grown.now = grown.data([1, size, size + 1, 1 if one else draw(st.integers(2, 4))])
    channels = draw(st.integers(2, 11))
    if one and draw(st.booleans()):
        grown.depthwise(channels)
    else:
        grown.convolution(channels)
    for _ in range(draw(st.integers(1, 4))):
        if prod(grown.shape()) > 3000 or not grown.follow():
            break
    if len(grown.shape()) == 4 and draw(st.booleans()):
        grown.convolution(3)
    return tflite_bytes(G(grown.tensors, grown.nodes, [0], [grown.now]))
