"""Operator graphs of irregular networks, drawn at random within published families.

Each generator returns a ``Problem`` at int8 sizes with convolutions fused, from a seed.
"""

from dataclasses import replace
from random import Random

import networkx as nx

from mcugraph.scheduling.problem import Problem


class Builder:
    """Adds operators one by one; every operator writes one tensor."""

    def __init__(self, size: int) -> None:
        self.sizes = [size]
        self.inputs: list[tuple[int, ...]] = []

    def op(self, size: int, *sources: int) -> int:
        self.inputs.append(tuple(dict.fromkeys(sources)))
        self.sizes.append(size)
        return len(self.sizes) - 1

    def chain(self, source: int, *sizes: int) -> int:
        for size in sizes:
            source = self.op(size, source)
        return source

    def problem(self) -> Problem:
        n = len(self.inputs)
        read = {t for inputs in self.inputs for t in inputs}
        problem = Problem(
            tensors=tuple(range(n + 1)),
            sizes=tuple(self.sizes),
            operators=tuple(range(n)),
            inputs=tuple(self.inputs),
            outputs=tuple((i + 1,) for i in range(n)),
            graph_inputs=(0,),
            graph_outputs=tuple(t for t in range(1, n + 1) if t not in read),
        )
        problem.verify()
        return problem


def randwire(
    seed: int, nodes: int = 32, model: str = "ws", stages: int = 1, ops: int = 2
) -> Problem:
    """Randomly wired network: each node sums its inputs and convolves (``ops`` steps)."""
    random = Random(seed)
    b = Builder(3 * 32 * 32)
    tensor = b.op(32768, 0)
    size = 16384
    for _ in range(stages):
        size //= 2
        if model == "ws":
            graph = nx.connected_watts_strogatz_graph(
                nodes, 4, 0.75, seed=random.randrange(1 << 30)
            )
        elif model == "er":
            graph = nx.gnp_random_graph(nodes, 0.2, seed=random.randrange(1 << 30))
        else:
            graph = nx.barabasi_albert_graph(nodes, 5, seed=random.randrange(1 << 30))
        labels = list(range(nodes))
        random.shuffle(labels)
        made: dict[int, int] = {}
        has_successor = set()
        before: dict[int, list[int]] = {v: [] for v in range(nodes)}
        for u, v in graph.edges:
            u, v = sorted((labels[u], labels[v]))
            before[v].append(u)
            has_successor.add(u)
        entry = tensor
        for v in range(nodes):
            sources = [made[u] for u in before[v]] or [entry]
            value = sources[0] if len(sources) == 1 and ops > 1 else b.op(size, *sources)
            made[v] = b.chain(value, *[size] * ops)
        ends = [made[v] for v in range(nodes) if v not in has_successor]
        tensor = b.op(size, *ends)
    b.chain(tensor, 1280, 10)
    return b.problem()


def layered(seed: int, operators: int = 120, width: int = 10) -> Problem:
    """Layers of operators of random sizes that read from the two layers before."""
    random = Random(seed)
    b = Builder(3072)
    layers = [[b.op(random.randrange(1, 65) * 64, 0)]]
    while len(b.inputs) < operators:
        pool = [t for layer in layers[-2:] for t in layer]
        layer = []
        for _ in range(min(width, operators - len(b.inputs))):
            sources = random.sample(pool, min(len(pool), random.randint(1, 3)))
            layer.append(b.op(random.randrange(1, 65) * 64, *sources))
        layers.append(layer)
    return b.problem()


def cells(
    seed: int, count: int = 9, blocks: int = 5, depth: int = 2, concat: bool = True
) -> Problem:
    """Stacked cells as in NASNet, AmoebaNet and DARTS: blocks that add two transformed inputs."""
    random = Random(seed)

    def draw() -> list[tuple[int, int, int, int]]:
        return [
            (
                random.randrange(2 + i),
                random.randint(0, depth * 2),
                random.randrange(2 + i),
                random.randint(0, depth * 2),
            )
            for i in range(blocks)
        ]

    normal, reduction = draw(), draw()
    b = Builder(3072)
    older = newer = b.op(32768, 0)
    size = 8192
    for index in range(count):
        plan = normal
        if count >= 3 and index in (count // 3, 2 * count // 3):
            plan, size = reduction, size // 2
        states = [b.op(size, older), b.op(size, newer)]
        used = set()
        for left, left_ops, right, right_ops in plan:
            used |= {left, right}
            a = b.chain(states[left], *[size] * left_ops)
            c = b.chain(states[right], *[size] * right_ops)
            states.append(b.op(size, a, c))
        ends = [s for i, s in enumerate(states) if i not in used]
        older, newer = newer, b.op(size * len(ends) if concat else size, *ends)
    b.chain(newer, 1280, 10)
    return b.problem()


def densenet(seed: int, growth: int = 1024) -> Problem:
    """Dense blocks that read every earlier tensor of the block at once."""
    random = Random(seed)
    b = Builder(3072)
    tensor = b.op(16384, 0)
    for _ in range(3):
        values = [tensor]
        for _ in range(random.randint(4, 16)):
            values.append(b.chain(b.op(growth * 4, *values), growth))
        tensor = b.chain(b.op(sum(b.sizes[v] for v in values), *values), 8192)
    return b.problem()


def hrnet(seed: int, branches: int = 4) -> Problem:
    """Branches of several resolutions that are fused again and again."""
    random = Random(seed)
    b = Builder(3072)
    values = [b.chain(0, 65536, 32768)]
    for _ in range(random.randint(3, 8)):
        if len(values) < branches:
            values.append(b.op(b.sizes[values[-1]] // 2, values[-1]))
        values = [b.chain(v, *[b.sizes[v]] * random.randint(1, 4)) for v in values]
        fused = []
        for i, target in enumerate(values):
            size = b.sizes[target]
            parts = [target]
            for j, v in enumerate(values):
                if j > i:
                    parts.append(b.chain(v, size // 2 ** (j - i), size))
                elif j < i:
                    parts.append(b.chain(v, *[b.sizes[v] // 2] * (i - j - 1), size))
            fused.append(b.op(size, *parts))
        values = fused
    b.op(10, *values)
    return b.problem()


def bifpn(seed: int) -> Problem:
    """A backbone, pyramid layers that go down and up, and two heads a level."""
    random = Random(seed)
    b = Builder(3 * 128 * 128)
    levels = []
    tensor = 0
    for size in (65536, 32768, 16384, 8192, 4096):
        tensor = b.chain(tensor, size, *[size] * random.randint(1, 3))
        levels.append(b.op(size // 2, tensor))
    for _ in range(random.randint(2, 5)):
        down = [levels[-1]]
        for level in reversed(levels[:-1]):
            size = b.sizes[level]
            down.append(b.chain(b.op(size, level, b.op(size, down[-1])), size))
        down.reverse()
        up = [down[0]]
        for level, middle in zip(levels[1:], down[1:], strict=True):
            size = b.sizes[level]
            up.append(b.chain(b.op(size, level, middle, b.op(size, up[-1])), size))
        levels = up
    for level in levels:
        for channels in (4, 9):
            b.chain(level, b.sizes[level], b.sizes[level], b.sizes[level] * channels // 16)
    return b.problem()


def unet(seed: int) -> Problem:
    """An encoder, a decoder and nested skips between them (U-Net++)."""
    random = Random(seed)
    depth = random.randint(3, 5)
    b = Builder(128 * 128)
    columns: list[list[int]] = [[]]
    tensor = 0
    for level in range(depth):
        size = 65536 >> level
        tensor = b.chain(tensor, size, size)
        columns[0].append(tensor)
    for column in range(1, depth):
        nested = []
        for level in range(depth - column):
            size = 65536 >> level
            skips = [columns[c][level] for c in range(column)]
            up = b.op(size, columns[column - 1][level + 1])
            nested.append(b.chain(b.op(size * (len(skips) + 1), *skips, up), size, size))
        columns.append(nested)
    b.op(16384, columns[-1][0])
    return b.problem()


def grid(seed: int, side: int = 20) -> Problem:
    """Each operator reads its left and its upper neighbour; random sizes."""
    random = Random(seed)
    b = Builder(1)
    made: dict[tuple[int, int], int] = {}
    for i in range(side):
        for j in range(side):
            sources = [made[at] for at in ((i - 1, j), (i, j - 1)) if at in made]
            made[i, j] = b.op(random.randint(1, 100), *(sources or [0]))
    return b.problem()


def sparse(seed: int, operators: int = 1000, window: int = 60) -> Problem:
    """A random DAG: each operator reads one to three of the last tensors; random sizes."""
    random = Random(seed)
    b = Builder(1)
    for _ in range(operators):
        recent = range(max(0, len(b.sizes) - window), len(b.sizes))
        sources = random.sample(recent, min(len(recent), random.randint(1, 3)))
        b.op(random.randint(1, 100), *sources)
    return b.problem()


def varied(problem: Problem, seed: int) -> Problem:
    """The same network with sizes from half to one and a half times theirs."""
    random = Random(seed)
    sizes = tuple(size * random.randint(50, 150) // 100 for size in problem.sizes)
    return replace(problem, sizes=sizes)


def unproven() -> dict[str, Problem]:
    """Large ones, for which a gap is left after ten seconds."""
    sample = {f"grid20_s{seed}": grid(seed) for seed in range(2)}
    sample |= {f"sparse1000_s{seed}": sparse(seed) for seed in range(2)}
    for nodes in (96, 128, 256):
        plain = randwire(0, nodes)
        sample |= {f"randwire_ws{nodes}": plain, f"randwire_ws{nodes}_varied": varied(plain, 0)}
    return sample


def families() -> dict[str, Problem]:
    """A sample of every family, by name."""
    sample: dict[str, Problem] = {}
    for seed in range(4):
        for model in ("ws", "er", "ba"):
            for nodes in (16, 32, 48, 64):
                sample[f"randwire_{model}{nodes}_s{seed}"] = randwire(seed, nodes, model)
        sample[f"randwire_ws32_3stages_s{seed}"] = randwire(seed, 32, "ws", 3, 1)
        for width in (4, 6, 8, 10, 12):
            sample[f"layered_w{width}_n120_s{seed}"] = layered(seed, 120, width)
        for blocks in (4, 5, 7):
            sample[f"cells_b{blocks}_s{seed}"] = cells(seed, blocks=blocks)
            sample[f"cells_sum_b{blocks}_s{seed}"] = cells(seed, blocks=blocks, concat=False)
        sample[f"densenet_s{seed}"] = densenet(seed)
        sample[f"hrnet_s{seed}"] = hrnet(seed)
        sample[f"bifpn_s{seed}"] = bifpn(seed)
        sample[f"unetpp_s{seed}"] = unet(seed)
    return sample
