"""Weights that are as large as a narrow layer's: what is computed stays."""

from typing import Any

import pytest

import mcugraph as mg
from mcugraph.slimming.slimmer import slim

torch = pytest.importorskip("torch")
nn = torch.nn

INPUT = torch.zeros(2, 3, 8, 8)


class Net(nn.Module):
    """One layer that can be rescaled, after a first one whose inputs stay, and others that cannot.

    Args:
        norm: Behind them.
    """

    def __init__(self, norm: Any = nn.BatchNorm2d) -> None:
        super().__init__()
        self.first, self.first_norm = nn.Conv2d(3, 8, 3), norm(8)
        self.plain, self.plain_norm = nn.Conv2d(8, 8, 3), norm(8)
        self.turned = nn.ConvTranspose2d(8, 4, 2, groups=2, bias=False)
        self.turned_norm = norm(4)
        self.twice, self.twice_norm = nn.Conv2d(4, 4, 1), norm(4)
        self.read_twice, self.read_norm = nn.Conv2d(4, 4, 1), norm(4)
        self.last = nn.Conv2d(4, 2, 1)

    def forward(self, x: Any) -> Any:
        x = self.first_norm(self.first(x)).relu()
        x = self.plain_norm(self.plain(x)).relu()
        x = self.turned_norm(self.turned(x)).relu()
        x = self.twice_norm(self.twice(self.twice(x)))
        x = self.read_twice(x)
        return self.last(self.read_norm(x) + x)


def trained(model: Any) -> Any:
    """With statistics of some batches, and scales that are none of 1."""
    torch.manual_seed(0)
    for _ in range(3):
        model.train()(torch.randn(16, 3, 8, 8))
    for value in model.parameters():
        value.data += 0.1 * torch.randn_like(value)
    return model.eval()


def both(model: Any) -> tuple[Any, Any]:
    """Half as wide, without and with the scale."""
    space = mg.widths(mg.from_torch(model, INPUT))
    keep = {group.name: range(1, group.width, 2) for group in space.groups}
    return slim(model, keep, INPUT), slim(model, keep, INPUT, rescale=True)


def ratios(plain: Any, scaled: Any) -> dict[str, float]:
    pairs = zip(plain.named_parameters(), scaled.parameters(), strict=True)
    found = {name: float(b.detach().norm() / a.detach().norm()) for (name, a), b in pairs}
    return {name: ratio for name, ratio in found.items() if ratio != 1}


def test_what_is_computed_stays() -> None:
    plain, scaled = both(trained(Net()))
    x = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(scaled(x), plain(x))
    plain.train(), scaled.train()
    torch.testing.assert_close(scaled(x), plain(x), rtol=1e-3, atol=1e-3)


def test_only_layers_that_a_norm_alone_reads_are_rescaled() -> None:
    found = ratios(*both(trained(Net())))
    # Half as many inputs: by the root of 2, the bias too.
    assert found == pytest.approx(
        dict.fromkeys(["plain.weight", "plain.bias", "turned.weight"], 2**0.5)
    )


def test_before_another_norm_nothing_is_rescaled() -> None:
    model = trained(Net(lambda width: nn.InstanceNorm2d(width, affine=True)))
    assert ratios(*both(model)) == {}


def test_small_variances_keep_what_a_norm_adds_to_them() -> None:
    model = trained(Net(lambda width: nn.BatchNorm2d(width, eps=0.5)))
    plain, scaled = both(model)
    x = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(scaled(x), plain(x))
