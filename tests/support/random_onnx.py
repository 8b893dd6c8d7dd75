"""Random small ONNX networks with much of what is rare in real ones.

Paddings that differ on every side, partial windows, batch norms behind anything, shared weights and
biases, clips with and without bounds, splits of which a part is unread, outputs that are inputs,
constants, or read by others too.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Integer = Callable[[int, int], int]
Shape = tuple[int, ...]

_INPUTS = [(1, 3, 6, 5), (1, 1, 5, 5), (1, 4, 6, 6), (2, 3, 4, 4), (1, 6), (1, 4, 6, 5)]

_ANYTHING = (
    *("Relu", "Sigmoid", "Identity", "Dropout", "Concat", "Softmax", "Reshape", "Transpose"),
    *("Slice", "Split", "two", "clip", "norm", "constant", "silu", "reduce"),
)
_OF_IMAGES = (
    *("Conv", "Conv", "Conv", "ConvTranspose", "MaxPool", "AveragePool", "Pad", "Flatten"),
    *("GlobalAveragePool", "GlobalMaxPool"),
)


class _Impossible(Exception):
    """A choice that makes no operator."""


def build_onnx(integer: Integer, operators: int, seed: int = 0) -> onnx.ModelProto:
    """A network whose choices come from ``integer(low, high)``; its numbers from a seed."""
    network = _Network(integer, seed)
    for _ in range(operators):
        before = network.state()
        try:
            network.grow()
        except (_Impossible, onnx.shape_inference.InferenceError):
            network.restore(before)
    return network.finish()


class _Network:
    def __init__(self, integer: Integer, seed: int) -> None:
        self.integer, self.random = integer, np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}
        self.made: list[str] = []
        self.inputs = [f"in{i}" for i in range(integer(1, 3))]
        self.shapes: dict[str, Shape] = {name: self.pick(_INPUTS) for name in self.inputs}

    def state(self) -> tuple[Any, ...]:
        return list(self.nodes), dict(self.constants), list(self.made)

    def restore(self, state: tuple[Any, ...]) -> None:
        self.nodes, self.constants, self.made = state

    # ---- choices -------------------------------------------------------------------------------

    def chance(self) -> bool:
        return bool(self.integer(0, 1))

    def pick(self, entries: Sequence[Any]) -> Any:
        if not entries:
            raise _Impossible
        return entries[self.integer(0, len(entries) - 1)]

    def tensor(self, fits: Callable[[Shape], bool] = lambda shape: True) -> str:
        """Any tensor so far; as a rule one of the last."""
        known = [*self.inputs, *self.made]
        known = known[-4:] if self.integer(0, 2) else known
        return str(self.pick([name for name in known if fits(self.shapes[name])]))

    def constant(self, value: Any, name: str = "c") -> str:
        name = f"{name}{len(self.constants)}"
        self.constants[name] = np.asarray(value)
        return name

    def weights(self, *shape: int, name: str = "w") -> str:
        """New numbers; now and then some of that shape that are there."""
        alike = [n for n, held in self.constants.items() if held.shape == shape]
        if alike and not self.integer(0, 2):
            return str(self.pick(alike))
        return self.constant(self.random.standard_normal(shape).astype(np.float32), name)

    # ---- operators -----------------------------------------------------------------------------

    def add(self, kind: str, inputs: Sequence[str], results: int = 1, **attributes: Any) -> str:
        """One node; its first result."""
        number = len(self.nodes)
        names = [f"{kind.lower()}{number}_{i}" for i in range(results)]
        name = f"node{number}" if self.integer(0, 3) else ""
        self.nodes.append(helper.make_node(kind, inputs, names, name, **attributes))
        inferred = onnx.shape_inference.infer_shapes(self.model(names), True, True, True)
        for value in inferred.graph.output:
            shape = tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
            if 0 in shape or any(dim < 0 for dim in shape):
                raise _Impossible
            self.shapes[value.name] = shape
        self.made += names
        return names[0]

    def grow(self) -> None:
        """One operator, and what follows it."""
        flat, images = self._flat, self._images
        self.pick([self._anything, self._anything, flat, images, images, images])()

    def _anything(self) -> None:
        x = self.tensor(lambda shape: len(shape) > 0)
        shape = self.shapes[x]
        axis = self.integer(0, len(shape) - 1)
        alike = [n for n in (*self.inputs, *self.made) if self.shapes[n] == shape]
        plain = self.pick(_ANYTHING)
        if plain in ("Relu", "Sigmoid", "Identity", "Dropout"):
            self.add(plain, [x])
        elif plain == "two":
            self.add(self.pick(["Add", "Sub", "Mul", "Max"]), [x, self.pick(alike)])
        elif plain == "clip":
            self.clip(x)
        elif plain == "norm":
            self.norm(x)
        elif plain == "constant":
            self.add_constant(x, self.pick(["Add", "Add", "Mul"]))
        elif plain == "silu":
            self.add("Mul", [x, self.add("Sigmoid", [x])])
        elif plain == "Concat":
            self.add(
                "Concat", [x, *(self.pick(alike) for _ in range(self.integer(1, 2)))], axis=axis
            )
        elif plain == "Softmax":
            self.add("Softmax", [x], axis=axis)
        elif plain == "Reshape":
            target = self.pick([(shape[0], -1), shape, (*shape[:2], -1)])
            self.add("Reshape", [x, self.constant(np.array(target, np.int64))])
        elif plain == "Transpose":
            order = sorted(range(len(shape)), key=lambda _: self.integer(0, 9))
            self.add("Transpose", [x], perm=order)
        elif plain == "reduce":
            axes = sorted({self.integer(0, len(shape) - 1) for _ in range(2)})
            kept = self.integer(0, 1)
            kind = self.pick(["ReduceMean", "ReduceMax"])
            reduced = self.add(kind, [x], axes=axes, keepdims=kept)
            if kept and self.chance():
                self.add("Squeeze", [reduced, self.constant(np.array(axes, np.int64))])
        elif plain == "Slice":
            step = self.pick([1, 1, 2, -1])
            start = self.integer(0, shape[axis] - 1) if step > 0 else -1
            stop = self.pick([shape[axis], 2**31 - 1] if step > 0 else [-(2**31), 0])
            index = (start, stop, axis, step)
            self.add("Slice", [x, *(self.constant(np.array([i], np.int64)) for i in index)])
        else:
            first = self.integer(1, max(shape[axis] - 1, 1))
            sizes = self.constant(np.array([first, shape[axis] - first], np.int64))
            self.add("Split", [x, sizes], 2, axis=axis)
            if self.chance():  # one part is never read
                self.made.pop(self.pick([-1, -2]))

    def _flat(self) -> None:
        """A dense layer, along the last axis of whatever there is."""
        x = self.tensor(lambda shape: len(shape) in (2, 4))
        depth, units = self.shapes[x][-1], self.integer(1, 6)
        if len(self.shapes[x]) == 2 and self.chance():
            turned = self.integer(0, 1)
            inputs = [x, self.weights(*((units, depth) if turned else (depth, units)))]
            inputs += [self.weights(units)] if self.chance() else []
            self.follow(self.add("Gemm", inputs, transB=turned))
        else:
            self.follow(self.add("MatMul", [x, self.weights(depth, units)]))

    def _images(self) -> None:
        x = self.tensor(lambda shape: len(shape) == 4)
        channels = self.shapes[x][1]
        kind = self.pick(_OF_IMAGES)
        if kind == "Conv":
            groups = self.pick([1, 1, channels, 2 if channels % 2 == 0 else 1])
            units = groups * self.integer(1, 3)
            window = self.integer(1, 3), self.integer(1, 3)
            inputs = [x, self.weights(units, channels // groups, *window)]
            inputs += [self.weights(units)] if self.chance() else []
            strides = [self.integer(1, 2), self.integer(1, 2)]
            mode = self.pick(["pads", "pads", "SAME_UPPER", "SAME_LOWER", "VALID"])
            if mode == "pads":
                said: dict[str, Any] = {"pads": [self.integer(0, 2) for _ in range(4)]}
                said["dilations"] = [self.integer(1, 2), 1]
                reach = said["dilations"][0] * (window[0] - 1) + 1, window[1]
                self.hold_room(x, reach, said["pads"])
            elif mode == "VALID":
                self.hold_room(x, window, [0] * 4)
                said = {"auto_pad": mode}
            else:
                said = {"auto_pad": mode}
            self.follow(self.add("Conv", inputs, strides=strides, group=groups, **said))
        elif kind == "ConvTranspose":
            units = self.integer(1, 3)
            inputs = [x, self.weights(channels, units, 2, 2)]
            inputs += [self.weights(units)] if self.chance() else []
            more = {
                "pads": self.pick([[0] * 4, [1] * 4]),
                "output_padding": self.pick([[0] * 2, [1] * 2]),
            }
            if min(self.shapes[x][2:]) < 2:
                raise _Impossible
            self.follow(self.add(kind, inputs, strides=[2, 2], **more))
        elif kind in ("MaxPool", "AveragePool"):
            self._pool(kind, x)
        elif kind == "Pad":
            pads = [0, 0, self.integer(0, 1), self.integer(0, 2), 0, 0, self.integer(0, 1), 0]
            self.add("Pad", [x, self.constant(np.array(pads, np.int64))])
        elif kind == "Flatten":
            self.add("Flatten", [x], axis=self.integer(1, 2))
        else:
            reduced = self.add(kind, [x])
            if self.chance():
                self.add("Flatten", [reduced])

    def hold_room(self, x: str, window: Sequence[int], pads: Sequence[int]) -> None:
        """One whole window has to fit; the runtime is not of one mind about less."""
        for axis, reach in enumerate(window):
            if self.shapes[x][2 + axis] + pads[axis] + pads[2 + axis] < reach:
                raise _Impossible

    def _pool(self, kind: str, x: str) -> None:
        window = [self.integer(1, 3), self.integer(1, 3)]
        strides = [self.integer(1, 2), self.integer(1, 2)]
        pads = [self.integer(0, length - 1) for length in (*window, *window)]
        said: dict[str, Any] = {"ceil_mode": self.integer(0, 1)}
        if kind == "AveragePool":
            said["count_include_pad"] = self.integer(0, 1)
        self.hold_room(x, window, pads)
        pooled = self.add(kind, [x], kernel_shape=window, strides=strides, pads=pads, **said)
        for axis in range(2):
            # ONNX's own inference counts a window that starts in the padding; the runtime does not.
            last = (self.shapes[pooled][2 + axis] - 1) * strides[axis]
            if last >= self.shapes[x][2 + axis] + pads[axis]:
                raise _Impossible
        if self.chance():
            self.add("Relu", [pooled])

    def follow(self, layer: str) -> None:
        """What often follows a layer, and often is folded into it."""
        for _ in range(self.integer(0, 3)):
            what = self.pick(["norm", "norm", "clip", "Relu", "Identity", "Add"])
            if what == "norm":
                layer = self.norm(layer)
            elif what == "clip":
                layer = self.clip(layer)
            elif what == "Add":
                layer = self.add_constant(layer, "Add")
            else:
                layer = self.add(what, [layer])

    def norm(self, x: str) -> str:
        channels = self.shapes[x][1] if len(self.shapes[x]) > 1 else 0
        if not channels:
            raise _Impossible
        names = [self.weights(channels, name="norm") for _ in range(3)]
        variance = self.random.random(channels).astype(np.float32) + 0.5
        names.append(self.constant(variance, "variance"))
        return self.add("BatchNormalization", [x, *names], epsilon=self.pick([1e-5, 0.25]))

    def clip(self, x: str) -> str:
        bounds = self.pick([(0, 6), (0, None), (-1, 1), (0, 1), (None, 2), (-0.5, 3), (None, None)])
        given = ["" if b is None else self.constant(np.float32(b)) for b in bounds]
        return self.add("Clip", [x, *given])

    def add_constant(self, x: str, kind: str) -> str:
        """A constant of some shape that is broadcast against the data, on either side."""
        shape = self.shapes[x]
        channels = (shape[1],) if len(shape) > 1 else ()
        ones = (1,) * (len(shape) - 2)
        wanted = self.pick([(1,), shape, (*channels, *ones), (1, *channels, *ones), shape[-1:]])
        pair = [x, self.weights(*wanted)]
        return self.add(kind, pair if self.chance() else pair[::-1])

    # ---- the whole -----------------------------------------------------------------------------

    def finish(self) -> onnx.ModelProto:
        read = {name for node in self.nodes for name in node.input}
        ends = [n for n in self.made if n not in read and self.integer(0, 5)]
        ends += [n for n in self.made if n in read and not self.integer(0, 5)]
        if not ends:
            ends = self.made[-1:] or [self.add("Relu", self.inputs[:1])]
        if not self.integer(0, 5):
            ends.append(self.pick(self.inputs))
        floats = [n for n, held in self.constants.items() if held.dtype == np.float32]
        if floats and not self.integer(0, 5):
            ends.append(self.pick(floats))
            self.shapes[ends[-1]] = self.constants[ends[-1]].shape
        return self.model(ends)

    def model(self, outputs: Sequence[str]) -> onnx.ModelProto:
        def value(name: str) -> onnx.ValueInfoProto:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, self.shapes.get(name))

        graph = helper.make_graph(
            self.nodes,
            "random",
            [value(name) for name in self.inputs],
            [value(name) for name in outputs],
            [numpy_helper.from_array(held, name) for name, held in self.constants.items()],
        )
        opset = [helper.make_opsetid("", 17)]
        return helper.make_model(graph, opset_imports=opset, ir_version=8)
