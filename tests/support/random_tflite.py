"""Small int8 networks by chance, with what converters rarely write.

Tensors that are written twice or by their reader, several results, results that are read on,
constants that share a buffer, four-bit weights, tensors of no elements or without a use, IF.
"""

from math import prod
from random import Random

from support.one_operator import numbers
from support.tflite_writer import G, Node, T, tflite_bytes

Shape = tuple[int, ...]


class _Network:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.tensors: list[T] = []
        self.steps: list[Node] = []
        self.buffers: list[bytes] = []
        self.stored: dict[int, int] = {}
        side, channels = random.choice((4, 6, 8)), random.choice((4, 8))
        self.given = [
            self.tensor((1, side, side, channels)) for _ in range(random.choice((1, 1, 2)))
        ]
        self.live = list(self.given)

    def tensor(self, shape: Shape, dtype: str = "int8", buffer: int | None = None) -> int:
        scales = {"int8": 0.5 if buffer is None else 0.02, "int4": 0.02}.get(dtype)
        name = f"t{len(self.tensors)}"
        known = () if scales is None else (scales,)
        self.tensors.append(T(name, shape, dtype, buffer=buffer, scales=known))
        return len(self.tensors) - 1

    def weights(self, shape: Shape, dtype: str = "int8") -> int:
        count = prod(shape) if dtype == "int8" else (prod(shape) + 1) // 2
        if count not in self.stored or self.random.random() < 0.7:
            self.buffers.append(self.random.randbytes(count))
            self.stored[count] = len(self.buffers)
        return self.tensor(shape, dtype, self.stored[count])

    def result(self, shape: Shape) -> int:
        """A new tensor; now and then one that holds another value already."""
        same = [i for i in self.live if self.tensors[i].shape == shape]
        return (
            self.random.choice(same) if same and self.random.random() < 0.06 else self.tensor(shape)
        )

    def step(self) -> None:
        random = self.random
        a = random.choice(self.live[-3:])
        _, rows, columns, channels = shape = tuple(self.tensors[a].shape or ())
        b = random.choice([i for i in self.live if self.tensors[i].shape == shape])
        stride = random.choice((1, 1, 2))
        smaller = (1, -(-rows // stride), -(-columns // stride))
        window = {0: ("i8", 0), 1: ("i32", stride), 2: ("i32", stride)}
        pick = random.randrange(9)
        made: Shape = shape
        union, options = "", {}
        if pick < 2:
            made = (*smaller, random.choice((4, 8, 12)))
            side, kind = random.choice((1, 1, 3)), random.choice(("int8",) * 4 + ("int4",))
            filters = self.weights((made[3], side, side, channels), kind)
            code, read, union, options = "CONV_2D", [a, filters], "Conv2DOptions", window
        elif pick < 4:
            made, side = (*smaller, channels), random.choice((1, 3))
            code, read = "DEPTHWISE_CONV_2D", [a, self.weights((1, side, side, channels))]
            union, options = "DepthwiseConv2DOptions", window | {3: ("i32", 1)}
        elif pick == 4:
            made, code, read = (*smaller, channels), "MAX_POOL_2D", [a]
            union, options = "Pool2DOptions", window | {3: ("i32", 3), 4: ("i32", 3)}
        elif pick == 5:
            code, read = random.choice(("ADD", "MUL")), [a, b]
            union, options = f"{code.title()}Options", {0: ("i8", 0)}
        elif pick == 6:
            if random.random() < 0.15:
                b = self.tensor((*shape[:3], 0))
            made = (*shape[:3], channels + (self.tensors[b].shape or ())[3])
            code, read = "CONCATENATION", [a, b]
            union, options = "ConcatenationOptions", {0: ("i32", 3)}
        elif pick == 7:
            paddings = numbers(0, 0, 1, 1, 1, 1, 0, 0)
            paddings.shape, paddings.name = (4, 2), f"t{len(self.tensors)}"
            self.tensors.append(paddings)
            made, code, read = (
                (1, rows + 2, columns + 2, channels),
                "PAD",
                [a, len(self.tensors) - 1],
            )
        else:
            code, read = random.choice(("RELU", "ABS")), [a]
        result = self.result(made)
        self.steps.append(Node(code, read, [result], options, union))
        self.live.append(result)

    def file(self) -> bytes:
        random, bodies = self.random, []
        for _ in range(random.randint(2, 8)):
            self.step()
        results = [self.live[-1]]
        if random.random() < 0.3:
            results.append(random.choice(self.live))
        if random.random() < 0.1:
            self.tensor((1, random.choice((0, 64, 1000))))
        if random.random() < 0.15:
            shape = tuple(self.tensors[results[0]].shape or ())
            condition, result = self.tensor((1,), "bool"), self.tensor(shape)
            branches = {0: ("i32", 1), 1: ("i32", 2)}
            self.steps.append(Node("IF", [condition, results[0]], [result], branches, "IfOptions"))
            self.given.append(condition)
            results[0] = result
            inner = [T(name, shape, scales=(0.5,)) for name in "xmy"]
            bodies = [
                G(inner, [Node(code, [0], [1]), Node("RELU", [1], [2])], [0], [2], code)
                for code in ("ABS", "RELU")
            ]
        main = G(self.tensors, self.steps, self.given, results)
        return tflite_bytes(main, *bodies, buffers=self.buffers)


def random_tflite(random: Random) -> bytes:
    """A network of two to eight steps."""
    return _Network(random).file()
