"""What a space offers can be slimmed: networks as people write them, to random widths."""

from typing import Any

import numpy as np
import pytest
from support.loading import load_module

import mcugraph as mg
from mcugraph.slimming.slimmer import slim

torch = pytest.importorskip("torch")
from mcugraph.prune.masks import Masks  # noqa: E402
from mcugraph.prune.numbered_classes import Classes  # noqa: E402

patterns = load_module("tests/slimming/patterns.py")


def check(name: str, seed: int, most: float = 1) -> None:
    """Slim to random widths: the same as masked, at exactly the costs that the space says."""
    model, x = patterns.build(name)
    space = mg.widths(mg.from_torch(model, x))
    random = np.random.default_rng(seed)
    widths = space.round(random.uniform(0.1 * most, most, len(space.full)) * space.full)
    keep = {
        group.name: sorted(random.choice(group.width, int(width), replace=False).tolist())
        for group, width in zip(space.groups, widths, strict=True)
    }
    small = slim(model, keep, x, space=space)
    with torch.no_grad():
        got = small(x)
    if not space.averaged:
        masks = masked(model, space, keep)
        with torch.no_grad():
            wanted = model(x)
        masks.detach()
        torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-5)
    profile = mg.profile(mg.from_torch(small, x))
    flash = profile.flash
    assert (profile.macs, flash.weights + flash.biases, profile.memory.peak) == (
        space.macs(widths),
        space.size(widths),
        space.peak(widths),
    )
    # Nothing is bound to the batch of the example.
    more = torch.cat([x, x[:1]])
    with torch.no_grad():
        several = small(more)
    if name != "packed_sequence_first":
        torch.testing.assert_close(several[: len(x)], got, rtol=1e-4, atol=1e-5)


def masked(model: Any, space: Any, keep: dict[str, list[int]]) -> Masks:
    classes = Classes(space)
    masks = Masks(model, classes)
    hard = np.zeros(classes.count, np.bool_)
    for group, start in zip(space.groups, classes.starts, strict=True):
        hard[start + np.array(keep[group.name])] = True
    masks.set(hard)
    masks.attach()
    return masks


@pytest.mark.parametrize("name", patterns.PATTERNS)
def test_what_is_offered_can_be_slimmed(name: str) -> None:
    check(name, 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("name", patterns.PATTERNS)
def test_what_is_offered_can_be_slimmed_to_any_widths(name: str, seed: int) -> None:
    check(name, seed)


@pytest.mark.parametrize(
    "name",
    [
        *(name for name in patterns.PATTERNS if "filled" in name),
        *("funnel", "gate", "turns", "einsum_heads_last", "linear_by_matrices", "written_shift"),
        *("normalised_tokens", "shared_shares", "shared_sources", "context", "split_attention"),
    ],
)
def test_one_channel_is_left(name: str) -> None:
    check(name, 0, most=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("name", patterns.PATTERNS)
def test_what_is_offered_can_be_slimmed_to_the_least_widths(name: str) -> None:
    check(name, 0, most=0.01)


# Of those with computed weights, the layers that stay whole, and what is offered all the same.
WHOLE = [
    *("weight_norm", "old_weight_norm", "spectral_norm", "old_spectral_norm", "standardised"),
]


@pytest.mark.parametrize("name", WHOLE)
def test_layers_with_computed_weights_are_refused_by_name(name: str) -> None:
    model, x = patterns.build(name)
    space = mg.widths(mg.from_torch(model, x))
    assert {layer for members in space.channel_classes for layer, _ in members} == {"0"}
    assert "is computed by the model's code" in space.refused["2"]
    assert any("is computed by" in space.refused[name] for name in space.refused if name != "2")


def test_tokens_that_a_layer_reads_before_the_input_are_refused_by_name() -> None:
    model, x = patterns.build("latents_expand")
    space = mg.widths(mg.from_torch(model, x))
    assert "is computed by the model's code" in space.refused["o"]


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("decoder_view", "fc"),
        ("decoder_norm", "fc"),
        ("c2f_list", "cv1.0"),
        ("uneven_tensor_split", "a.0"),
        ("vit", "qkv"),
        ("packed", "attention.in_proj"),
        ("encoder", "layers.layers.1.self_attn.in_proj"),
        ("encoder", "layers.layers.1.linear1"),
        *(("cross", name) for name in ("b", "attention.q_proj", "attention.v_proj")),
        *((f"cross_packed_{how}", "a") for how in ("memory", "positions", "shares", "biases")),
        *(("weight_parts_inside", name) for name in ("a", "a#2", "conv2d_1", "c")),
        *(("weight_parts_split", "conv2d_1"), ("transformer", "embed")),
        *((f"expanded_{when}", "a") for when in ("first", "last")),
        *(("transformer", "layer.decoder.layers.0.linear1"), ("decoder_layer", "embed")),
        *((f"positions_{how}", "a") for how in ("slice", "numbers", "turned", "joined")),
        ("positions_class_token", "a"),
        *((name, "a") for name in ("written_layer_norm", "written_rms_norm")),
        *((name, group) for name in ("lstm", "gru") for group in ("a.0", "cell", "cell#2")),
        *((f"{name}_given", "b") for name in ("lstm", "gru")),
        *((f"{name}_learned", "cell") for name in ("lstm", "gru")),
        *((f"{name}_steps", "cell") for name in ("lstm", "rnn")),
        *(("gru_ends_handed", "a"), ("gru_ends_joined", "a#2"), ("lstm_projected", "cell#2")),
        *(("rotated", "q"), ("unpacked", "qkv")),
        *(("einsum_dense", "einsum"), ("einsum_turned", "einsum"), ("einsum_pointwise", "einsum")),
        *((f"einsum_heads_{kind}", "q") for kind in ("first", "last", "cosine", "linear")),
        *((f"einsum_heads_{kind}", "v") for kind in ("last", "cosine", "linear")),
        *(("einsum_head_matrices", "einsum"), ("linear_by_matrices", "qkv")),
        *(("einsum_tokens", "einsum"), ("einsum_graphs", "first.0"), ("einsum_gate", "first.0")),
        ("einsum_experts", "experts.0"),
        *((f"written_{kind}", "first.0") for kind in ("slice", "sum", "channel", "shift")),
        *((f"normalised_{how}", "first.0") for how in ("image", "expanded")),
        *((f"shared_{kind}", "first.0") for kind in ("shares", "sources")),
        *(("normalised_tokens", "first"), ("shared_maxout", "b")),
        *((f"latents_{how}", "up") for how in ("expand", "repeat", "after")),
        *(("causal_decoder", "layer.self_attn.in_proj"), ("interleaved", "c")),
    ],
)
def test_these_are_offered(name: str, group: str) -> None:
    model, x = patterns.build(name)
    space = mg.widths(mg.from_torch(model, x))
    assert group in {entry.name for entry in space.groups}


def test_a_slimmed_attention_is_trained_and_copied() -> None:
    """The mode decides on dropout still, and the fast path of PyTorch's layers is not taken."""
    model, x = patterns.build("encoder")
    space = mg.widths(mg.from_torch(model, x))
    widths = space.round(space.full / 2)
    keep = {g.name: range(int(w)) for g, w in zip(space.groups, widths, strict=True)}
    small = slim(model, keep, x, space=space)
    with torch.no_grad():
        assert torch.equal(small(x), small(x))
    small.train()
    assert not torch.equal(small(x), small(x))
    small(x).sum().backward()
    assert all(p.grad is not None for p in small.parameters())
