"""Slimmed models: what they compute, and what they cost."""

from collections.abc import Callable
from typing import Any

import pytest
from support.loading import GROUPS, ROOT

import mcugraph as mg
from mcugraph.slimming.slimmer import slim

torch = pytest.importorskip("torch")
nn = torch.nn

OWN = [
    "grouped", "shared", "pixel_shuffle", "pyramid", "ghost", "unet", "literal", "shuffled",
    "gates", "token_mixer", "heads", "heads_fused", "tokens", "mixer", "group_norm", "conv_next",
]  # fmt: skip


def outputs(model: Any, inputs: Any) -> list[Any]:
    with torch.no_grad():
        result = model(*inputs)
    return list(result) if isinstance(result, tuple) else [result]


def costs(graph: mg.Graph, accounting: str, precision: str | None) -> tuple[float, ...]:
    data = mg.profile(graph, accounting=accounting, precision=precision).to_dict()
    flash = data["flash"]
    size = flash["weights"] + flash["biases"]
    if accounting == "paper":
        size = data["model"]["parameters"]
    return data["macs"], size, data["memory"]["peak"]


def check(case: Any, seed: int) -> None:
    keep = case.random_keep(seed)
    small = slim(case.model, keep, case.inputs, space=case.space)
    got = outputs(small, case.inputs)
    assert [t.shape for t in got] == [t.shape for t in outputs(case.model, case.inputs)]
    if case.masks:
        for mine, theirs in zip(got, outputs(case.masked(keep), case.inputs), strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-5)
    graph = mg.from_torch(small, case.inputs)
    widths = [len(keep[group.name]) for group in case.space.groups]
    for (accounting, precision), space in case.costs.items():
        said = space.macs(widths), space.size(widths), space.peak(widths)
        assert costs(graph, accounting, precision) == said


FIXTURES = sorted(f"fixtures/{path.stem}" for path in (ROOT / "fixtures" / "models").glob("*.onnx"))


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", [*OWN, *GROUPS, *FIXTURES])
def test_slim_computes_what_the_masked_model_does(
    name: str, seed: int, case: Callable[[str], Any]
) -> None:
    check(case(name), seed)


@pytest.mark.parametrize("affine", [True, False])
def test_batch_norms_without_running_statistics(affine: bool) -> None:
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3),
        torch.nn.BatchNorm2d(4, affine=affine, track_running_stats=False),
        torch.nn.ReLU(),
        torch.nn.Conv2d(4, 2, 1),
    ).eval()
    x = torch.randn(2, 3, 8, 8)
    small = slim(model, {"0": [0, 2, 3]}, x)
    assert small[1].num_features == 3
    with torch.no_grad():
        model[3].weight[:, 1] = 0
        torch.testing.assert_close(small(x), model(x))


def test_attention_with_half_of_everything() -> None:
    class Attending(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.head = torch.nn.Linear(5, 8), torch.nn.Linear(8, 3)
            self.attn = torch.nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x: Any) -> Any:
            x = self.stem(x)
            return self.head(x + self.attn(x, x, x)[0])

    model, x = Attending().eval(), torch.randn(1, 4, 5)
    space = mg.widths(mg.from_torch(model, x))
    small = slim(model, {g.name: range(g.width // 2) for g in space.groups}, x, space=space)
    assert outputs(small, (torch.randn(3, 4, 5),))[0].shape == (3, 4, 3)
    assert mg.profile(mg.from_torch(small, x)).macs == space.macs(space.full // 2)


class Normed(nn.Module):
    """A recurrent layer whose first matrix is worked out."""

    def __init__(self) -> None:
        super().__init__()
        cell = nn.LSTM(6, 4, batch_first=True)
        self.cell = nn.utils.parametrizations.weight_norm(cell, "weight_ih_l0")
        self.a, self.b = nn.Linear(4, 5), nn.Linear(5, 3)

    def forward(self, x: Any) -> Any:
        return self.b(self.a(self.cell(x)[0].mean(1)))


def test_recurrent_layers_with_computed_weights_stay_beside_what_is_cut() -> None:
    model, x = Normed().eval(), torch.randn(2, 5, 6)
    small = slim(model, {"a": [0, 2]}, x)
    assert small.cell.input_size == 6
    assert small(x).shape == (2, 3)
