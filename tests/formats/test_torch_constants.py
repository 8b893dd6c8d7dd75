"""Constants of PyTorch models are one where they are the same memory, whatever they hold."""

from collections.abc import Callable

import pytest

import mcugraph as mg

torch = pytest.importorskip("torch")
Tensor = torch.Tensor
nn = torch.nn


class Alike(nn.Module):
    """Layers whose weights and biases are all one number."""

    def __init__(self, make: Callable[[], nn.Module], value: float, count: int = 3) -> None:
        super().__init__()
        self.layers = nn.ModuleList(make() for _ in range(count))
        for parameter in self.parameters():
            nn.init.constant_(parameter, value)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("precision", [None, "int8"])
@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize(
    ("make", "shape", "weights", "biases"),
    [
        (lambda: nn.Linear(6, 6), (1, 6), 36, 6),
        (lambda: nn.Conv2d(4, 4, 3, padding=1), (1, 4, 5, 5), 144, 4),
    ],
)
def test_equal_parameters_count_each(
    make: Callable[[], nn.Module],
    shape: tuple[int, ...],
    weights: int,
    biases: int,
    device: str,
    precision: str | None,
    value: float,
) -> None:
    model = Alike(make, value).to(device)
    graph = mg.from_torch(model, (torch.zeros(shape, device=device),))
    profile, space = mg.profile(graph, precision=precision), mg.widths(graph, precision=precision)
    each = 1 if precision == "int8" else 4
    assert profile.flash.weights == 3 * weights * each
    assert profile.flash.biases == 3 * biases * 4
    assert profile.model.parameters == sum(p.numel() for p in model.parameters())
    assert space.size(space.full) == 3 * (weights * each + biases * 4)


def test_a_zero_parameter_that_is_shared_counts_once() -> None:
    model = Alike(lambda: nn.Linear(6, 6), 0.0)
    model.layers[2].bias = model.layers[0].bias
    model.layers[2].weight = model.layers[1].weight
    graph = mg.from_torch(model, (torch.zeros(1, 6),))
    profile, space = mg.profile(graph), mg.widths(graph)
    assert profile.flash.weights == 4 * 2 * 36
    assert profile.flash.biases == 4 * 2 * 6
    assert profile.model.parameters == sum(p.numel() for p in model.parameters()) == 84
    assert space.size(space.full) == 4 * 84


def test_norms_that_start_alike_fold_into_a_bias_each() -> None:
    """Every batch norm begins with ones and zeros."""
    make = lambda: nn.Sequential(nn.Conv2d(4, 4, 1, bias=False), nn.BatchNorm2d(4))  # noqa: E731
    model = Alike(make, 0.0).eval()
    profile = mg.profile(mg.from_torch(model, (torch.zeros(1, 4, 5, 5),)))
    assert profile.flash.weights == 4 * 3 * 16
    assert profile.flash.biases == 4 * 3 * 4


def test_parts_of_one_parameter_are_its_parts() -> None:
    """Two halves of the same memory are two constants, and one half read twice is one."""

    class Halves(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            both = torch.zeros(12, 6)
            self.upper, self.lower, self.again = (
                nn.Parameter(part) for part in (both[:6], both[6:], both[:6])
            )

        def forward(self, x: Tensor) -> Tensor:
            for weight in (self.upper, self.lower, self.again):
                x = nn.functional.linear(x, weight)
            return x

    profile = mg.profile(mg.from_torch(Halves(), (torch.zeros(1, 6),)))
    assert profile.flash.weights == 4 * 72


def test_branches_hold_constants_of_their_own() -> None:
    """Tracing gives what both branches make the same names."""

    class Branches(nn.Module):
        def forward(self, x: Tensor, positive: Tensor) -> Tensor:
            def scaled(x: Tensor) -> Tensor:
                return x * torch.tensor([1.0, 2.0, 3.0, 4.0]) @ torch.full((4, 4), 1.0) * 2.5

            def moved(x: Tensor) -> Tensor:
                return x * torch.tensor([5.0, 6.0, 7.0, 8.0]) @ torch.full((4, 4), 0.0) * 3.5

            return torch.cond(positive, scaled, moved, (x,))

    graph = mg.from_torch(Branches(), (torch.zeros(2, 4), torch.tensor(True)))
    assert len(graph.subgraphs) == 2
    profile = mg.profile(graph)
    # The factor behind each product is folded into its weights.
    assert profile.flash.weights + profile.flash.biases == 2 * 4 * (4 + 16)


def test_constants_made_in_the_forward_method() -> None:
    """Two calls that make zeros make two constants."""

    class Makes(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            first = torch.zeros(4, 4) + x
            return first * torch.zeros(4, 4)

    graph = mg.from_torch(Makes(), (torch.ones(4, 4),))
    keys = {t.constant.key for t in graph.tensors.values() if t.is_constant and t.constant}
    assert len(keys) == 2
