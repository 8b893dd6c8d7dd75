"""Branches that vanish: the model then computes what it would if they gave zeros."""

import copy
import io
import re
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import mcugraph as mg
from mcugraph.slimming.call_sites import Sites
from mcugraph.slimming.dropping import branches, bypassed, drop
from mcugraph.slimming.residual import branches_of, without
from mcugraph.slimming.slimmer import slim

torch = pytest.importorskip("torch")
nn = torch.nn

from support.branching_nets import (  # noqa: E402
    AFTER,
    PARTS,
    STYLES,
    Flat,
    Net,
    Twice,
    TwoInputs,
    ViT,
    settled,
)
from support.loading import network  # noqa: E402

X = torch.randn(2, 3, 8, 8)


def silenced(model: Any, paths: list[str]) -> Any:
    """A copy whose modules at some paths give zeros."""
    quiet = copy.deepcopy(model)
    for path in paths:
        module = quiet.get_submodule(path)
        module.register_forward_hook(lambda module, args, result: torch.zeros_like(result))
    return quiet


def out(model: Any, *inputs: Any) -> Any:
    with torch.no_grad():
        return model(*inputs)


def check_costs(small: Any, graph: Any, inputs: Any) -> None:
    """What is left costs what the graph without the branches does."""
    found, wanted = (mg.profile(g, precision="int8") for g in (mg.from_torch(small, inputs), graph))
    assert (found.macs, found.memory.peak, found.memory.tflm_arena, found.flash.weights) == (
        wanted.macs,
        wanted.memory.peak,
        wanted.memory.tflm_arena,
        wanted.flash.weights,
    )


sums = st.lists(
    st.tuples(
        st.sampled_from(STYLES),
        st.sampled_from(PARTS),
        st.sampled_from((None, None, *PARTS)),
        st.sampled_from(AFTER),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=5, phases=[Phase.explicit, Phase.generate])
@given(sums=sums, data=st.data())
def test_without_branches_as_if_they_gave_zeros(sums: Any, data: st.DataObject) -> None:
    torch.manual_seed(0)
    model = settled(Net(sums))
    sites = Sites.of(model, X, {})
    assert list(sites.branches) == [branch.name for branch in branches_of(sites.graph)]
    ends = {}  # name -> the module that the branch is
    for name, branch in sites.branches.items():
        around = re.match(r"sums\.\d+(\.[fg](?=\.))*", branch.total)
        assert around is not None
        ends[name] = next(
            path
            for path in (f"{around[0]}.f", f"{around[0]}.g")
            if f"{branch.layers[0]}.".startswith(f"{path}.")
        )
    chosen = []
    for name in data.draw(st.permutations(sorted(ends))):
        twins = [o for o in chosen if sites.branches[o].total == sites.branches[name].total]
        if not twins and data.draw(st.booleans(), name):
            chosen.append(name)
    small = drop(model, chosen, X, sites=sites)
    wanted = out(silenced(model, [ends[name] for name in chosen]), X)
    torch.testing.assert_close(out(small, X), wanted)
    left = without(sites.graph, [sites.branches[name] for name in chosen])
    check_costs(small, left, X)
    with bypassed(model, sites, [sites.branches[name] for name in chosen]):
        torch.testing.assert_close(out(model, X), wanted)
    torch.testing.assert_close(out(model, X), out(copy.deepcopy(model), X))
    held = small.state_dict()
    assert held.keys() <= model.state_dict().keys()
    for branch in (sites.branches[name] for name in chosen):
        assert not any(f"{layer}.weight" in held for layer in branch.layers)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "resnet",
            [
                "blocks.0.first.0",
                *(f"blocks.{i}.{part}.0" for i in (1, 2) for part in ("first", "shortcut")),
            ],
        ),
        ("mobilenet_v2", [f"blocks.{i}.expand.0" for i in (0, 2, 4)]),
        ("efficientnet", ["blocks.0.expand.0", "blocks.2.expand.0"]),
        ("shufflenet", ["grouped.squeeze.0"]),
        ("branching", ["widen1.0", "widen1.0#2", "widen2.0", "widen3.0"]),
        *[(name, []) for name in ("ds_cnn", "densenet", "inception", "unet", "siamese")],
    ],
)
def test_branches_of_known_networks(name: str, expected: list[str]) -> None:
    model, inputs = network(name)
    assert [branch.name for branch in branches(model, inputs)] == expected


@pytest.mark.parametrize("name", ["resnet", "mobilenet_v2", "branching", "efficientnet"])
def test_all_that_can_go_together(name: str) -> None:
    model, inputs = network(name)
    sites = Sites.of(model, inputs, {})
    taken: dict[str, str] = {}
    for branch in sites.branches.values():
        taken.setdefault(branch.total, branch.name)
    small = drop(model, taken.values(), inputs, sites=sites)
    with bypassed(model, sites, [sites.branches[n] for n in taken.values()]):
        assert torch.equal(out(model, *inputs), out(small, *inputs))
    check_costs(small, without(sites.graph, [sites.branches[n] for n in taken.values()]), inputs)


def test_an_identity_is_left_where_nothing_else_is() -> None:
    model, inputs = network("resnet")
    small = drop(model, ["blocks.0.first.0"], inputs)
    assert type(small.blocks) is nn.Sequential
    assert type(small.blocks[0]) is nn.Identity
    assert small.mcugraph_dropped == ("blocks.0.first.0",)


def test_sums_in_one_method() -> None:
    model = settled(Flat())
    names = [branch.name for branch in branches(model, X)]
    assert names == ["a.0.0", "a.0.0#2", "b.0.0"]
    small = drop(model, ["a.0.0"], X)
    assert "gain" not in dict(small.named_parameters())
    torch.testing.assert_close(out(small, X), out(silenced(model, ["a"]), X))
    alone = drop(model, ["a.0.0#2"], X)  # the sum around both
    with torch.no_grad():
        torch.testing.assert_close(alone(X), model.fc(model.stem(X).mean((2, 3))))


def test_layers_of_a_transformer() -> None:
    model = settled(ViT())
    names = [branch.name for branch in branches(model, X)]
    assert names == ["layers.0.attn.qkv", "layers.0.mlp.0", "layers.1.attn.qkv", "layers.1.mlp.0"]
    small = drop(model, ["layers.0.attn.qkv", "layers.1.mlp.0"], X)
    quiet = silenced(model, ["layers.0.attn", "layers.1.mlp"])
    torch.testing.assert_close(out(small, X), out(quiet, X))
    assert not hasattr(small.layers[0], "norm1")  # alone the branch read it
    small.train()(X).sum().backward()


def test_a_dropped_model_is_a_model() -> None:
    model, inputs = network("resnet")
    model.requires_grad_().train()
    small = drop(model, ["blocks.1.first.0", "blocks.0.first.0"], inputs)
    assert all(module.training for module in small.modules())
    file = io.BytesIO()
    torch.save(small, file)
    file.seek(0)
    read = torch.load(file, weights_only=False)
    small.eval(), read.eval()
    assert torch.equal(out(read, *inputs), out(small, *inputs))
    small.train()(*inputs).sum().backward()
    space = mg.widths(mg.from_torch(small, inputs))
    keep = {group.name: range(group.width // 2) for group in space.groups}
    slimmed = slim(small, keep, inputs, space=space)
    assert mg.profile(mg.from_torch(slimmed, inputs)).macs == space.macs(space.full // 2)
    assert slimmed.mcugraph_dropped == small.mcugraph_dropped
    again = drop(small, ["blocks.2.first.0"], inputs)
    assert again.mcugraph_dropped[-1] == "blocks.2.first.0"


def test_what_alone_reads_an_input_stays() -> None:
    model = TwoInputs()
    assert branches(model, (X, torch.randn(2, 1, 8, 8))) == ()


def test_code_that_runs_twice_stays() -> None:
    assert len(branches_of(mg.from_torch(settled(Twice()), X))) == 2
    assert branches(settled(Twice()), X) == ()


def test_refusals() -> None:
    model, inputs = network("resnet")
    with pytest.raises(mg.UsageError, match=r"no branch 'nowhere'; the branches are blocks\.0"):
        drop(model, ["nowhere"], inputs)
    with pytest.raises(
        mg.UsageError, match=r"cannot both go: they are all that 'blocks\.1\.add_1'"
    ):
        drop(model, ["blocks.1.first.0", "blocks.1.shortcut.0"], inputs)
    with pytest.raises(mg.UsageError, match="a list of branches"):
        drop(model, "blocks.0.first.0", inputs)
    with pytest.raises(mg.UsageError, match=r"takes a torch\.nn\.Module"):
        branches("model")


def test_a_part_that_another_module_reads() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True)
    model = nn.Sequential(nn.Linear(6, 8), nn.TransformerEncoder(layer, 2)).eval()
    with pytest.raises(mg.GraphError, match=r"without branch '1\.layers\.0.* 'self_attn'"):
        drop(model, ["1.layers.0.self_attn.in_proj"], torch.randn(2, 5, 6))
