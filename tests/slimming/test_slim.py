"""Slimmed models: what they compute, and what they cost."""

from collections.abc import Callable
from typing import Any

import pytest
from support.loading import GROUPS, ROOT

import mcugraph as mg
from mcugraph.slimming.slimmer import slim

torch = pytest.importorskip("torch")

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
