"""A module in the form that a device runs computes what the module does."""

from collections.abc import Callable
from typing import Any

import pytest

from mcugraph.export.device_form import device_form

torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional

NETWORKS = [
    *("ds_cnn", "densenet", "shufflenet", "unet", "efficientnet", "detector", "siamese"),
    *("groups/vgg_flatten", "groups/shufflenetv2", "groups/res15_kws", "groups/pad_shortcut"),
]


def names(module: Any) -> list[str]:
    packets = (getattr(node.target, "overloadpacket", None) for node in module.graph.nodes)
    return [packet.__name__ for packet in packets if packet is not None]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("channels_last", [True, False])
def test_results_are_the_same(kit: Any, name: str, channels_last: bool) -> None:
    model, inputs = kit.network(name)
    wanted = model(*inputs)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    form, taken = device_form(model, inputs, channels_last)
    for x, y in zip(inputs, taken, strict=True):
        moved = channels_last and x.dim() == 4
        assert y.shape == (x.permute(0, 2, 3, 1).shape if moved else x.shape)
    for got, want in zip(form(*taken), wanted, strict=True):
        if channels_last and want.dim() == 4:
            got = got.permute(0, 3, 1, 2)
        torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-5)


class Flat(nn.Module):
    """Images, flattened in one of many ways, for two dense layers."""

    def __init__(self, flat: Callable[[Any], Any]) -> None:
        super().__init__()
        self.flat, self.conv = flat, nn.Conv2d(2, 3, 3)
        self.first, self.second = nn.Linear(3 * 4 * 6, 5), nn.Linear(3 * 4 * 6, 5)

    def forward(self, x: Any) -> Any:
        x = self.flat(self.conv(x))
        return self.first(x) + self.second(x)


@pytest.mark.parametrize(
    "flat",
    [
        lambda x: x.flatten(1),
        lambda x: x.view(x.shape[0], -1),
        lambda x: F.dropout(F.relu(x.reshape(1, -1)), training=False),
    ],
)
def test_dense_layers_after_a_flatten(flat: Callable[[Any], Any]) -> None:
    model, x = Flat(flat).eval(), torch.randn(1, 2, 6, 8)
    before = model.first.weight.clone()
    form, taken = device_form(model, (x,))
    torch.testing.assert_close(form(*taken)[0], model(x))
    assert torch.equal(model.first.weight, before)
    assert names(form).count("permute") == 2  # of the input, and one that undoes the layout


def test_a_flatten_that_something_else_reads_stays() -> None:
    class Two(Flat):
        def forward(self, x: Any) -> Any:
            x = self.flat(self.conv(x))
            return self.first(x), x

    model, x = Two(lambda x: x.flatten(1)).eval(), torch.randn(1, 2, 6, 8)
    form, taken = device_form(model, (x,))
    for got, want in zip(form(*taken), model(x), strict=True):
        torch.testing.assert_close(got, want)


def test_batch_norms_fold_or_are_one_multiplication_and_one_addition() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bare = nn.BatchNorm2d(2, affine=False)
            self.conv, self.folds = nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3)

        def forward(self, x: Any) -> Any:
            return self.folds(self.conv(self.bare(x)))

    model, x = Net(), torch.randn(4, 2, 5, 5)
    model(x)  # statistics
    model.eval()
    form, taken = device_form(model, (x,))
    found = names(form)
    assert (found.count("batch_norm"), found.count("mul"), found.count("add")) == (0, 1, 1)
    torch.testing.assert_close(form(*taken)[0].permute(0, 3, 1, 2), model(x))


@pytest.mark.parametrize(("axes", "keep"), [((2, 3), False), ((-1, -2), True), ((2,), False)])
def test_means(axes: tuple[int, ...], keep: bool) -> None:
    class Mean(nn.Module):
        def forward(self, x: Any) -> Any:
            return x.mean(axes, keepdim=keep)

    x = torch.randn(1, 2, 4, 6)
    form, taken = device_form(Mean(), (x,))
    (got,) = form(*taken)
    want = Mean()(x)
    torch.testing.assert_close(got.permute(0, 3, 1, 2) if want.dim() == 4 else got, want)
    assert ("adaptive_avg_pool2d" in names(form)) == keep


@pytest.mark.parametrize(
    "pool",
    [
        nn.AvgPool2d(2, 2, divisor_override=3),
        nn.AvgPool2d((3, 2), 1, 1, count_include_pad=False, divisor_override=5),
        nn.AvgPool2d(2, divisor_override=4),
    ],
)
def test_averages_with_a_divisor(pool: Any) -> None:
    x = torch.randn(1, 2, 6, 8)
    form, taken = device_form(pool, (x,))
    assert names(form).count("mul") == (pool.divisor_override != 4)
    torch.testing.assert_close(form(*taken)[0].permute(0, 3, 1, 2), pool(x))
