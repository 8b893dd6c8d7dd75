"""Structures that vanish: the model then computes what it would if they gave zeros."""

import copy
import io
import re
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import mcugraph as mg
from mcugraph.slimming.bypass import Bypass
from mcugraph.slimming.call_sites import Sites
from mcugraph.slimming.dropping import drop, structures
from mcugraph.slimming.reducing import Reducible
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
from support.joining_nets import ATTENTIONS, JOINS, Heads, Joins  # noqa: E402
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


_PARTS = ("one.0", "three.0.0", "five.0.0", "pool.1.0")

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
    assert list(sites.structures) == [entry.name for entry in sites.whole.structures]
    ends = {}  # name -> the module that the branch is
    for name, branch in sites.structures.items():
        around = re.match(r"sums\.\d+(\.[fg](?=\.))*", branch.total)
        assert around is not None
        ends[name] = next(
            path
            for path in (f"{around[0]}.f", f"{around[0]}.g")
            if f"{branch.layers[0]}.".startswith(f"{path}.")
        )
    chosen = []
    for name in data.draw(st.permutations(sorted(ends))):
        twins = [o for o in chosen if sites.structures[o].total == sites.structures[name].total]
        if not twins and data.draw(st.booleans(), name):
            chosen.append(name)
    small = drop(model, chosen, X, sites=sites)
    wanted = out(silenced(model, [ends[name] for name in chosen]), X)
    torch.testing.assert_close(out(small, X), wanted)
    check_costs(small, sites.without(chosen).graph, X)
    with Bypass(model, sites, chosen).applied():
        torch.testing.assert_close(out(model, X), wanted)
    torch.testing.assert_close(out(model, X), out(copy.deepcopy(model), X))
    held = small.state_dict()
    assert held.keys() <= model.state_dict().keys()
    for branch in (sites.structures[name] for name in chosen):
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
        (
            "inception",
            [f"block{i}.{part}" for i in (1, 2) for part in _PARTS],
        ),
        ("densenet", [f"dense{i}.layers.{j}.2" for i in (1, 2) for j in range(3)]),
        ("unet", ["down2.0", "bottom.0"]),
        *[(name, []) for name in ("ds_cnn", "siamese")],
    ],
)
def test_structures_of_known_networks(name: str, expected: list[str]) -> None:
    model, inputs = network(name)
    assert [entry.name for entry in structures(model, inputs)] == expected


@pytest.mark.parametrize("name", ["resnet", "mobilenet_v2", "branching", "efficientnet"])
def test_all_that_can_go_together(name: str) -> None:
    model, inputs = network(name)
    sites = Sites.of(model, inputs, {})
    taken: dict[str, str] = {}
    for branch in sites.structures.values():
        taken.setdefault(branch.total, branch.name)
    small = drop(model, taken.values(), inputs, sites=sites)
    with Bypass(model, sites, taken.values()).applied():
        assert torch.equal(out(model, *inputs), out(small, *inputs))
    check_costs(small, sites.without(taken.values()).graph, inputs)


def test_an_identity_is_left_where_nothing_else_is() -> None:
    model, inputs = network("resnet")
    small = drop(model, ["blocks.0.first.0"], inputs)
    assert type(small.blocks) is nn.Sequential
    assert type(small.blocks[0]) is nn.Identity
    assert small.mcugraph_dropped == ("blocks.0.first.0",)


def test_sums_in_one_method() -> None:
    model = settled(Flat())
    names = [entry.name for entry in structures(model, X)]
    assert names == ["a.0.0", "a.0.0#2", "b.0.0"]
    small = drop(model, ["a.0.0"], X)
    assert "gain" not in dict(small.named_parameters())
    torch.testing.assert_close(out(small, X), out(silenced(model, ["a"]), X))
    alone = drop(model, ["a.0.0#2"], X)  # the sum around both
    with torch.no_grad():
        torch.testing.assert_close(alone(X), model.fc(model.stem(X).mean((2, 3))))


def test_layers_of_a_transformer() -> None:
    model = settled(ViT())
    names = [entry.name for entry in structures(model, X)]
    assert names == [
        f"layers.{i}.{part}"
        for i in (0, 1)
        for part in ("attn.qkv", "attn.qkv[0]", "attn.qkv[1]", "mlp.0")
    ]
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
    assert structures(model, (X, torch.randn(2, 1, 8, 8))) == ()


def test_code_that_runs_twice_stays() -> None:
    assert len(Reducible.of(mg.from_torch(settled(Twice()), X)).structures) == 2
    assert structures(settled(Twice()), X) == ()


def test_refusals() -> None:
    model, inputs = network("resnet")
    with pytest.raises(
        mg.UsageError, match=r"no structure 'nowhere'; the structures are blocks\.0"
    ):
        drop(model, ["nowhere"], inputs)
    with pytest.raises(
        mg.UsageError, match=r"cannot both go: they are all that 'blocks\.1\.add_1'"
    ):
        drop(model, ["blocks.1.first.0", "blocks.1.shortcut.0"], inputs)
    with pytest.raises(mg.UsageError, match="a list of structures"):
        drop(model, "blocks.0.first.0", inputs)
    with pytest.raises(mg.UsageError, match=r"takes a torch\.nn\.Module"):
        structures("model")


@pytest.mark.parametrize("style", ATTENTIONS)
def test_heads_as_if_they_gave_zeros(style: str) -> None:
    torch.manual_seed(0)
    model, x = Heads(style).eval(), torch.randn(1, 5, 5)
    sites = Sites.of(model, x, {})
    heads = [entry for entry in sites.structures.values() if entry.kind == "head"]
    assert [head.side for head in heads] == [0, 1, 2]
    for gone in ({1}, {0, 2}):
        names = [heads[number].name for number in gone]
        small = drop(model, names, x, sites=sites)
        check_costs(small, sites.without(names).graph, x)
        quiet, batch = copy.deepcopy(model), torch.randn(3, 5, 5)
        quiet.silent(gone)
        torch.testing.assert_close(out(small, batch), out(quiet, batch))
        with Bypass(model, sites, names).applied():
            torch.testing.assert_close(out(model, batch), out(quiet, batch))
    with pytest.raises(mg.GraphError):  # one has to stay
        drop(model, [head.name for head in heads], x, sites=sites)
    small.train()(torch.randn(2, 5, 5)).sum().backward()
    assert small.mcugraph_dropped == tuple(names)
    assert not any(entry.kind == "head" for entry in structures(small, x))


joins = st.lists(
    st.tuples(
        st.sampled_from(JOINS), st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
    ),
    min_size=1,
    max_size=2,
)


@settings(max_examples=5, phases=[Phase.explicit, Phase.generate])
@given(blocks=joins, data=st.data())
def test_without_parts_as_if_they_gave_zeros(blocks: Any, data: st.DataObject) -> None:
    torch.manual_seed(0)
    model = settled(Joins(blocks))
    sites = Sites.of(model, X, {})
    whole = {f"blocks.{i}.parts.{j}" for i in range(len(blocks)) for j in range(3)}
    assert {"a.0", "b.0"} | {f"{part}.0" for part in whole} <= sites.structures.keys()
    chosen, silent = [], {number: set[int]() for number in range(len(blocks))}
    for name in data.draw(st.permutations(sorted(sites.structures.keys() - {"a.0", "b.0"}))):
        found = [re.match(r"blocks\.(\d+)\.parts\.(\d+)", n) for n in sites.structures[name].layers]
        block = int(found[0][1])
        numbers = silent[block] | {int(match[2]) for match in found}
        if len(numbers) < 3 and data.draw(st.booleans(), name):
            chosen.append(name)
            silent[block] = numbers
    quiet = copy.deepcopy(model)
    for number, parts in silent.items():
        quiet.blocks[number].silent(parts)
    if data.draw(st.booleans(), "a"):
        chosen.append("a.0")
        with torch.no_grad():
            quiet.fc.weight[:, : 3 * 4] = 0
    small = drop(model, chosen, X, sites=sites)
    torch.testing.assert_close(out(small, X), out(quiet, X))
    check_costs(small, sites.without(chosen).graph, X)
    with Bypass(model, sites, chosen).applied():
        torch.testing.assert_close(out(model, X), out(quiet, X))
    assert not any(
        f"{layer}.weight" in small.state_dict()
        for name in chosen
        for layer in sites.structures[name].layers
    )


def test_all_parts_cannot_go() -> None:
    model = settled(Joins([("star", (1, 2, 1))]))
    with pytest.raises(mg.UsageError, match=r"'a\.0' and 'b\.0' cannot both go: they are all"):
        drop(model, ["a.0", "b.0"], X)


def test_a_part_that_another_module_reads() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True)
    model = nn.Sequential(nn.Linear(6, 8), nn.TransformerEncoder(layer, 2)).eval()
    with pytest.raises(mg.GraphError, match=r"without '1\.layers\.0.* 'self_attn'"):
        drop(model, ["1.layers.0.self_attn.in_proj"], torch.randn(2, 5, 6))


def test_widths_of_what_lost_heads() -> None:
    model, x = Heads("torch", heads=4, width=8).eval(), torch.randn(1, 5, 5)
    small = drop(model, ["attn.in_proj[0]", "attn.in_proj[2]"], x)
    space = mg.widths(mg.from_torch(small, x))
    inner = [g for g in space.groups if g.name.startswith("attn")]
    assert [(g.width, g.granularity) for g in inner] == [(2, 2), (2, 2), (2, 1), (2, 1)]
    narrow = slim(small, {g.name: [1] for g in inner}, x, space=space)
    assert mg.profile(mg.from_torch(narrow, x)).macs == space.macs([8, 1, 1, 1, 1])
    assert out(narrow, torch.randn(3, 5, 5)).shape == (3, 4)
    again = drop(narrow, ["attn.in_proj[1]"], x)
    assert out(again, torch.randn(3, 5, 5)).shape == (3, 4)
    assert again.mcugraph_dropped == (*small.mcugraph_dropped, "attn.in_proj[1]")
