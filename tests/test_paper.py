"""The networks of the paper's Table 3 and two small ones, to the last unit.

"Differentiable Network Pruning for Microcontrollers" (Liberis and Lane, arXiv:2110.08350), with
``accounting="paper"``: int8, one byte a parameter, batch norm kept with four parameters a channel,
pooling and additions counted as MACs, neither batch norm nor activations as steps.
"""

from collections.abc import Callable, Iterator

import pytest

import mcugraph as mg
from mcugraph.ir import Graph
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.rewrite.precision import quantize
from mcugraph.scheduling.problem import Problem
from mcugraph.testing import check_schedule

torch = pytest.importorskip("torch")
nn = torch.nn
Layers = list[torch.nn.Module]


def conv(
    inputs: int,
    outputs: int,
    kernel: int | tuple[int, int] = 3,
    stride: int = 1,
    groups: int = 1,
    activation: Callable[[], torch.nn.Module] | None = nn.ReLU,
) -> torch.nn.Module:
    """A convolution with "same" padding, its batch norm and maybe an activation."""
    padding = kernel // 2 if isinstance(kernel, int) else "same"
    layers: Layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, *([activation()] if activation else []))


def classifier(channels: int, classes: int) -> Layers:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]


def vgg16() -> torch.nn.Module:
    layers: Layers = []
    channels = 3
    for width, count in [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]:
        for _ in range(count):
            layers.append(conv(channels, width))
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(512, 10))


class Bottleneck(nn.Module):
    """Expand, filter, project; the input is added, through a convolution where it must."""

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.body = nn.Sequential(
            conv(inputs, hidden, 1, activation=nn.ReLU6),
            conv(hidden, hidden, 3, stride, groups=hidden, activation=nn.ReLU6),
            conv(hidden, outputs, 1, activation=None),
        )
        self.adds = stride == 1
        matches = inputs == outputs
        self.shortcut = nn.Identity() if matches else conv(inputs, outputs, 1, activation=None)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x) + self.shortcut(x) if self.adds else self.body(x)


def mobilenet_v2() -> torch.nn.Module:
    layers: Layers = [conv(3, 32, 3, 2, activation=nn.ReLU6)]
    channels = 32
    table = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)]
    for t, c, n, s in [*table, (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
        for i in range(n):
            layers.append(Bottleneck(channels, c, t, s if i == 0 else 1))
            channels = c
    return nn.Sequential(*layers, conv(channels, 1280, 1), *classifier(1280, 2))


class SqueezeExcite(nn.Module):
    def __init__(self, channels: int, reduced: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            conv(channels, reduced, 1, activation=nn.SiLU),
            conv(reduced, channels, 1, activation=nn.Sigmoid),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(x)


class MbConv(nn.Module):
    def __init__(self, inputs: int, outputs: int, expansion: int, kernel: int, stride: int):
        super().__init__()
        hidden = inputs * expansion
        layers: Layers = [] if expansion == 1 else [conv(inputs, hidden, 1, activation=nn.SiLU)]
        self.body = nn.Sequential(
            *layers,
            conv(hidden, hidden, kernel, stride, groups=hidden, activation=nn.SiLU),
            SqueezeExcite(hidden, inputs // 4),
            conv(hidden, outputs, 1, activation=None),
        )
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x) + x if self.adds else self.body(x)


def efficientnet_b0() -> torch.nn.Module:
    layers: Layers = [conv(3, 32, 3, 2, activation=nn.SiLU)]
    channels = 32
    table = [(1, 16, 1, 3, 1), (6, 24, 2, 3, 2), (6, 40, 2, 5, 2), (6, 80, 3, 3, 2)]
    for t, c, n, k, s in [*table, (6, 112, 3, 5, 1), (6, 192, 4, 5, 2), (6, 320, 1, 3, 1)]:
        for i in range(n):
            layers.append(MbConv(channels, c, t, k, s if i == 0 else 1))
            channels = c
    return nn.Sequential(*layers, *classifier(320, 2))


def ds_cnn() -> torch.nn.Module:
    layers: Layers = [conv(1, 276, (10, 4))]
    for i in range(5):
        layers.append(conv(276, 276, 3, 2 if i == 0 else 1, groups=276))
        layers.append(conv(276, 276, 1))
    return nn.Sequential(*layers, *classifier(276, 12))


class Res15(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = conv(1, 45)
        self.blocks = nn.ModuleList(nn.Sequential(conv(45, 45), conv(45, 45)) for _ in range(6))
        self.last = conv(45, 45)
        self.head = nn.Sequential(*classifier(45, 12))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        for block in self.blocks:
            x = x + block(x)
        return self.head(self.last(x))


class TwoHead(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(16, 32, 3, 2, 1)
        self.b = nn.Sequential(nn.Conv2d(16, 64, 1), nn.Conv2d(64, 32, 3, 2, 1))
        self.c = nn.Sequential(
            nn.Conv2d(16, 8, 3, 1, 1), nn.Conv2d(8, 48, 3, 1, 1), nn.Conv2d(48, 32, 3, 2, 1)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.a(x) + self.b(x) + self.c(x)


class Resid(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.x = nn.Conv2d(3, 8, 3, 1, 1)
        self.y = nn.Sequential(nn.Conv2d(8, 4, 3, 1, 1), nn.Conv2d(4, 8, 3, 1, 1))
        self.head = nn.Sequential(*classifier(8, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.x(x)
        return self.head(x + self.y(x))


# Name: network, input, then size, peak memory and MACs.
Row = tuple[Callable[[], torch.nn.Module], tuple[int, ...], int, int, int]
TABLE: dict[str, Row] = {
    "VGG-16": (vgg16, (3, 32, 32), 14_732_490, 131_072, 313_326_592),
    "MobileNet v2": (mobilenet_v2, (3, 160, 160), 2_321_282, 768_000, 164_792_960),
    "EfficientNet-B0": (efficientnet_b0, (3, 160, 160), 3_663_506, 768_000, 187_551_040),
    "DS-CNN": (ds_cnn, (1, 49, 10), 419_808, 169_740, 54_609_912),
    "RES-15": (Res15, (1, 49, 10), 240_402, 66_150, 116_446_590),
}


def graph_of(network: Callable[[], torch.nn.Module], shape: tuple[int, ...]) -> Graph:
    """The graph; on the meta device, where weights take no memory and no time."""
    with torch.device("meta"):
        return mg.from_torch(network(), (torch.empty(1, *shape),))


@pytest.mark.parametrize("row", TABLE)
def test_table_3(row: str) -> None:
    network, shape, size, peak, macs = TABLE[row]
    graph = graph_of(network, shape)
    profile = mg.profile(graph, accounting="paper", time_limit=60)
    assert profile.complete
    assert profile.model.parameters == size
    assert profile.flash.weights + profile.flash.biases == size
    assert profile.macs == macs
    assert profile.memory.peak == peak
    assert profile.memory.peak_is_optimal
    # These rows say nothing about exactness.
    assert profile.memory.operator_bound == peak
    elsewhere = mg.profile(graph, accounting="paper", runtime="inputs_elsewhere")
    assert elsewhere.memory.peak == peak


def orders(problem: Problem) -> Iterator[list[int]]:
    """Every order in which the operators can run."""
    producer = {t: i for i, written in enumerate(problem.outputs) for t in written}
    needs = [{producer[t] for t in read if t in producer} for read in problem.inputs]

    def extend(done: list[int]) -> Iterator[list[int]]:
        if len(done) == len(needs):
            yield done
        for i, need in enumerate(needs):
            if i not in done and need <= set(done):
                yield from extend([*done, i])

    return extend([])


def test_twohead() -> None:
    graph = graph_of(TwoHead, (16, 16, 16))
    problem = Problem.as_it_stands(quantize(counted_forms(graph, "paper").runs))
    peaks = [
        check_schedule(problem, [problem.operators[i] for i in order]) for order in orders(problem)
    ]
    assert len(peaks) == 60
    assert (min(peaks), max(peaks)) == (22_528, 34_816)
    memory = mg.profile(graph, accounting="paper", time_limit=60).memory
    assert memory.peak == 22_528
    assert memory.peak_is_optimal
    assert memory.operator_bound == 20_480
    elsewhere = mg.profile(graph, accounting="paper", runtime="inputs_elsewhere").memory
    assert elsewhere.peak == 18_432


def test_twohead_counts_two_additions() -> None:
    """(n - 1) * out for the one addition of three, as for two additions of two."""
    profile = mg.profile(graph_of(TwoHead, (16, 16, 16)), accounting="paper")
    layers = {layer.kind: layer for layer in profile.layers}
    assert layers["add"].macs == 2 * 8 * 8 * 32
    convolutions = 64 * 9 * 16 * 32 + 256 * 16 * 64 + 64 * 9 * 64 * 32
    convolutions += 256 * 9 * 16 * 8 + 256 * 9 * 8 * 48 + 64 * 9 * 48 * 32
    assert profile.macs == convolutions + 2 * 8 * 8 * 32


def test_resid() -> None:
    graph = graph_of(Resid, (3, 16, 16))
    assert mg.profile(graph, accounting="paper", time_limit=60).memory.peak == 6_144
    assert mg.profile(graph, accounting="paper", runtime="inplace").memory.peak == 5_120


class Sums(nn.Module):
    """Four convolutions of an input, added up in some way."""

    def __init__(self, add: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(nn.Conv2d(4, 4, 1) for _ in range(4))
        self.add = add

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.add(*(part(x) for part in self.parts))


@pytest.mark.parametrize(
    ("add", "operands"),
    [
        (lambda a, b, c, d: a + b + c + d, [4]),
        (lambda a, b, c, d: (a + b) + (c + d), [4]),
        (lambda a, b, c, d: a + (b + (c + d)), [4]),
        # An activation between: two sums.
        (lambda a, b, c, d: (a + b).relu() + c + d, [2, 3]),
        # What something else reads as well has to be there.
        (lambda a, b, c, d: (s := a + b) * c + (s + d), [2, 3]),
        # Other shapes, and numbers.
        (lambda a, b, c, d: a + b.mean((2, 3), keepdim=True) + c + d, [2, 3]),
        (lambda a, b, c, d: a + b + 1 + c + d, [2, 2, 3]),
    ],
)
def test_sums_are_one_step(add: Callable[..., torch.Tensor], operands: list[int]) -> None:
    graph = graph_of(lambda: Sums(add), (4, 6, 6))
    runs = counted_forms(graph, "paper").runs
    found = [len(op.inputs) for op in runs.operators if op.op.kind == "add"]
    assert found == operands
    # Elsewhere they stay as they are written.
    deployed = counted_forms(graph, "deployed").runs
    assert sum(op.op.kind == "add" for op in deployed.operators) == sum(n - 1 for n in operands)
