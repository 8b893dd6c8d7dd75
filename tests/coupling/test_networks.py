"""Networks whose classes, constraints and refusals were worked out by hand."""

from collections.abc import Callable
from functools import partial
from itertools import product

import pytest

from mcugraph.slimming.slimmer import slim
from mcugraph.space.space import Space

torch = pytest.importorskip("torch")
Tensor = torch.Tensor
nn = torch.nn
F = torch.nn.functional

Classes = set[frozenset[tuple[str, int]]]
Build = Callable[..., Space]

IMAGE = torch.zeros(1, 3, 16, 16)
TOKENS = torch.zeros(1, 5, 6)


def tied(count: int, *places: tuple[str, int] | str) -> Classes:
    """Classes that join channel i, plus an offset, of some layers, for i below the count."""
    pairs = [(place, 0) if isinstance(place, str) else place for place in places]
    return {frozenset((layer, offset + i) for layer, offset in pairs) for i in range(count)}


def every(step: int, count: int, layer: str) -> Classes:
    """Classes of ``step`` neighbouring channels of a layer."""
    return {frozenset((layer, step * i + j) for j in range(step)) for i in range(count)}


def names(space: Space) -> list[tuple[str, int, int]]:
    return [(entry.name, entry.width, entry.granularity) for entry in space.groups]


def equal(space: Space) -> set[frozenset[tuple[str, ...]]]:
    return {
        frozenset(tuple(space.groups[g].name for g in part) for part in constraint.groups)
        for constraint in space.equal
    }


def members(space: Space, group: str) -> set[tuple[str, int, int, str]]:
    """(tensor, axis, multiplicity, use) of each member."""
    found = next(entry for entry in space.groups if entry.name == group)
    return {(m.tensor, m.axis, m.multiplicity, m.use) for m in found.members}


# ---- attention ---------------------------------------------------------------------------------


class Attention(nn.Module):
    """Two heads with 4 channels of queries and keys and 6 of values, written in two ways."""

    def __init__(self, fused: bool) -> None:
        super().__init__()
        self.fused = fused
        self.q, self.k, self.v = nn.Linear(6, 8), nn.Linear(6, 8), nn.Linear(6, 12)
        self.o, self.out = nn.Linear(12, 5), nn.Linear(5, 3)

    def heads(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], 2, -1).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = map(self.heads, (self.q(x), self.k(x), self.v(x)))
        if self.fused:
            y = F.scaled_dot_product_attention(q, k, v)
        else:
            y = torch.softmax(q @ k.transpose(-1, -2) / 2, -1) @ v
        y = y.transpose(1, 2).reshape(x.shape[0], x.shape[1], 12)
        return self.out(F.relu(self.o(y)))


@pytest.mark.parametrize("fused", [True, False], ids=["scaled_dot_product", "matmul"])
def test_attention(fused: bool, space_of: Build) -> None:
    space = space_of(Attention(fused), TOKENS)
    assert set(space.channel_classes) == tied(8, "q", "k") | tied(12, "v") | tied(5, "o")
    # A group for each head, of equal widths.
    heads = [("q", 4, 1), ("q#2", 4, 1), ("v", 6, 1), ("v#2", 6, 1), ("o", 5, 1)]
    assert names(space) == heads
    assert equal(space) == {frozenset({("q",), ("q#2",)}), frozenset({("v",), ("v#2",)})}
    assert set(space.refused) == {"out"}
    assert space.round([2.2, 2.4, 4, 5.4, 1]).tolist() == [2, 2, 5, 5, 1]


class Multihead(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Linear(6, 8)
        self.att = nn.MultiheadAttention(8, 2, batch_first=True)
        self.out = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.emb(x)
        return self.out(self.att(x, x, x, need_weights=False)[0] + x)


def test_multihead_attention(space_of: Build) -> None:
    space = space_of(Multihead(), TOKENS)
    q_and_k = tied(8, "att.in_proj", ("att.in_proj", 8))
    values = tied(8, ("att.in_proj", 16))
    assert set(space.channel_classes) == tied(8, "emb", "att.out_proj") | q_and_k | values
    q, q2, v, v2 = ("att.in_proj", *(f"att.in_proj#{i}" for i in (2, 3, 4)))
    # PyTorch cuts the joint projection into three equal parts.
    assert equal(space) == {
        frozenset({(q,), (q2,)}),
        frozenset({(v,), (v2,)}),
        frozenset({(q, q2), (v, v2)}),
    }
    assert space.round([8, 4, 3, 3, 2]).tolist() == [8, 3, 3, 3, 3]


class JointAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.o, self.out = nn.Linear(6, 24), nn.Linear(8, 5), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).reshape(1, 5, 3, 2, 4).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(1, 5, 8)
        return self.out(F.relu(self.o(y)))


def test_joint_projection(space_of: Build) -> None:
    space = space_of(JointAttention(), TOKENS)
    expected = tied(8, "qkv", ("qkv", 8)) | tied(8, ("qkv", 16)) | tied(5, "o")
    assert set(space.channel_classes) == expected


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Linear(6, 8)
        self.enc = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.out = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.enc(self.emb(x)))


def test_transformer_layer(space_of: Build) -> None:
    space = space_of(Encoder(), TOKENS)
    stream = tied(8, "emb", "enc.self_attn.out_proj", "enc.linear2")
    inner = "enc.self_attn.in_proj"
    heads = tied(8, inner, (inner, 8)) | tied(8, (inner, 16))
    assert set(space.channel_classes) == stream | heads | tied(16, "enc.linear1")


# ---- mixers, embeddings ------------------------------------------------------------------------


class Mixer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patch, self.norm = nn.Conv2d(3, 8, 4, 4), nn.LayerNorm(8)
        self.token1, self.token2 = nn.Linear(16, 10), nn.Linear(10, 16)
        self.channel1, self.channel2 = nn.Linear(8, 12), nn.Linear(12, 8)
        self.out = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        y = self.norm(x).transpose(1, 2)
        x = x + self.token2(F.gelu(self.token1(y))).transpose(1, 2)
        x = x + self.channel2(F.gelu(self.channel1(x)))
        return self.out(x.mean(1))


def test_mixer(space_of: Build) -> None:
    space = space_of(Mixer(), IMAGE)
    stream = tied(8, "patch", "channel2")
    assert set(space.channel_classes) == stream | tied(10, "token1") | tied(12, "channel1")
    assert set(space.refused) == {"token2", "out"}
    assert "no channel can be taken out of" in space.refused["token2"]
    assert members(space, "token1") == {
        ("token1.weight", 0, 1, "makes"),
        ("token1.bias", 0, 1, "follows"),
        ("token2.weight", 1, 1, "reads"),
    }
    # 8 channels of 16 tokens through 10 units and back; 16 tokens of 8 channels through 12.
    full = dict(zip((group.name for group in space.groups), space.full, strict=True))
    w = [full[name] - (name == "token1") for name in full]
    assert space.macs(space.full) - space.macs(w) == 2 * 8 * 16


class ConvMixer(nn.Module):
    """Tokens mixed by a convolution that takes them for channels."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.out = nn.Linear(6, 8), nn.Linear(8, 3)
        self.token1, self.token2 = nn.Conv1d(5, 7, 1), nn.Conv1d(7, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        return self.out((x + self.token2(F.relu(self.token1(x)))).mean(1))


def test_mixer_of_convolutions(space_of: Build) -> None:
    space = space_of(ConvMixer(), TOKENS)
    assert set(space.channel_classes) == tied(8, "embed") | tied(7, "token1")


class OneUnit(nn.Module):
    """A mixer of tokens with a single hidden unit, which no change of labels gives away."""

    def __init__(self, layer: Callable[[int, int], nn.Module], turned: bool) -> None:
        super().__init__()
        self.embed, self.out, self.turned = nn.Linear(6, 8), nn.Linear(8, 3), turned
        self.token1, self.token2 = layer(5, 1), layer(1, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        y = x.transpose(1, 2) if self.turned else x
        y = self.token2(F.relu(self.token1(y)))
        return self.out((x + (y.transpose(1, 2) if self.turned else y)).mean(1))


@pytest.mark.parametrize("turned", [True, False])
def test_a_single_unit_of_tokens(space_of: Build, turned: bool) -> None:
    layer = nn.Linear if turned else partial(nn.Conv1d, kernel_size=1)
    space = space_of(OneUnit(layer, turned), TOKENS)
    assert set(space.channel_classes) == tied(8, "embed") | tied(1, "token1")


class Computed(nn.Module):
    """A layer whose weights the code works out of others."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.rand(6, 4))
        self.a, self.b, self.out = nn.Linear(6, 4), nn.Linear(6, 5), nn.Linear(6, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.out(F.relu(F.linear(self.a(x), 2 * self.w + 1))), self.b(x)


def test_weights_that_are_computed_stay(space_of: Build) -> None:
    space = space_of(Computed(), TOKENS)
    assert space.channel_classes == ()
    assert "is computed by the model's code, and cannot be cut" in space.refused["a"]


class Gated(nn.Module):
    """A gate over tokens (gMLP, arXiv:2105.08050): its units are the tokens themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.tokens, self.out = nn.Linear(6, 8), nn.Linear(5, 5), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        u, v = self.embed(x).chunk(2, -1)
        return self.out(u * self.tokens(v.transpose(1, 2)).transpose(1, 2))


def test_gate_over_tokens(space_of: Build) -> None:
    space = space_of(Gated(), TOKENS)
    assert set(space.channel_classes) == {
        frozenset({("embed", i), ("embed", i + 4)}) for i in range(4)
    }
    assert "no channel can be taken out of" in space.refused["tokens"]


class ScaledUnits(nn.Module):
    """Hidden units of tokens with a scale each."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.rand(7))
        self.embed, self.out = nn.Linear(6, 8), nn.Linear(8, 3)
        self.tokens, self.back = nn.Linear(5, 7), nn.Linear(7, 5)

    def forward(self, x: Tensor) -> Tensor:
        units = F.relu(self.tokens(self.embed(x).transpose(1, 2)))
        return self.out(self.back(units * self.scale).transpose(1, 2))


def test_a_scale_of_hidden_units_of_tokens(space_of: Build) -> None:
    space = space_of(ScaledUnits(), TOKENS)
    assert set(space.channel_classes) == tied(8, "embed") | tied(7, "tokens")
    assert ("scale", 0, 1, "follows") in members(space, "tokens")


class HalfOfItself(nn.Module):
    """Half of the channels are multiplied with themselves; all are read alike otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.out = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.a(x))
        half = x[..., :4]
        return (half @ half.transpose(1, 2)) @ self.out(x)


def test_channels_that_only_activations_tell_apart(space_of: Build) -> None:
    """What half of them takes for a moment depends on which ones are left."""
    space = space_of(HalfOfItself(), TOKENS)
    assert set(space.channel_classes) == tied(8, "a")
    assert names(space) == [("a", 4, 1), ("a#2", 4, 1)]


class FlatMixer(nn.Module):
    """Channels and hidden units of tokens on one axis."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.tokens, self.out = nn.Linear(6, 8), nn.Linear(5, 7), nn.Linear(56, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.tokens(self.embed(x).transpose(1, 2))).flatten(1))


def test_units_that_share_an_axis_with_channels(space_of: Build) -> None:
    space = space_of(FlatMixer(), TOKENS)
    assert set(space.channel_classes) == tied(8, "embed")
    assert "channels and tokens" in space.refused["tokens"]


class SharedByHeads(nn.Module):
    """A layer that every head of four goes through, each with some channels of its own."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size, self.a = size, nn.Linear(6, 4 * size)
        self.b, self.out = nn.Linear(size, 5), nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.a(x)).unflatten(-1, (4, self.size)).transpose(1, 2)
        return self.out(F.relu(self.b(x)))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_layer_shared_by_heads(size: int, space_of: Build) -> None:
    """It reads one place of all of them, also where there is but one place."""
    space = space_of(SharedByHeads(size), TOKENS)
    heads = {frozenset(("a", size * head + i) for head in range(4)) for i in range(size)}
    assert set(space.channel_classes) == heads | tied(5, "b")


class WholeHeads(nn.Module):
    """Heads of two channels that a layer reads whole: they are its channels."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.out = nn.Linear(6, 8), nn.Conv2d(4, 3, 1), nn.Conv2d(3, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.a(x)).unflatten(-1, (-1, 2)).transpose(1, 2)
        return self.out(F.relu(self.b(x)))


def test_heads_that_go_whole(space_of: Build) -> None:
    """They are four of a kind, and how many stay binds nothing."""
    model, x = WholeHeads().eval(), torch.rand(1, 5, 6)
    space = space_of(model, x)
    assert set(space.channel_classes) == every(2, 4, "a") | tied(3, "b")
    assert names(space) == [("a", 4, 2), ("b", 3, 1)]
    assert equal(space) == set()
    for heads in ([1], [0, 3], [1, 2, 3]):
        small = slim(model, {"a": heads}, x, space=space)
        mask = torch.tensor([float(i // 2 in heads) for i in range(8)])
        hook = model.a.register_forward_hook(lambda m, i, out, mask=mask: out * mask)
        torch.testing.assert_close(small(x), model(x))
        hook.remove()


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.position = nn.Embedding(20, 8), nn.Parameter(torch.zeros(5, 8))
        self.norm, self.a, self.out = nn.LayerNorm(8), nn.Linear(8, 6), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.a(self.norm(self.words(x) + self.position))))


def test_embedding(space_of: Build) -> None:
    space = space_of(Words(), torch.arange(5)[None])
    assert set(space.channel_classes) == tied(8, "words") | tied(6, "a")
    assert members(space, "words") == {
        ("words.weight", 1, 1, "follows"),
        ("position", 1, 1, "follows"),
        ("norm.weight", 0, 1, "follows"),
        ("norm.bias", 0, 1, "follows"),
        ("a.weight", 1, 1, "reads"),
    }


class TiedWords(nn.Module):
    def __init__(self, words: int) -> None:
        super().__init__()
        self.words, self.a = nn.Embedding(words, 8), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(F.relu(self.a(self.words(x))), self.words.weight)


@pytest.mark.parametrize("words", [20, 8])
def test_embedding_that_is_the_last_layer_too(words: int, space_of: Build) -> None:
    """Its words have to stay, its channels are those of what the last layer reads."""
    space = space_of(TiedWords(words), torch.arange(5)[None])
    assert set(space.channel_classes) == tied(8, "words", "a")


# ---- data movement -----------------------------------------------------------------------------


class PixelShuffle(nn.Module):
    def __init__(self, down: bool) -> None:
        super().__init__()
        self.down = down
        self.a = nn.Conv2d(3, 5 if down else 20, 3, padding=1)
        self.b = nn.Conv2d(20 if down else 5, 6, 3, padding=1)
        self.out = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        move = F.pixel_unshuffle if self.down else F.pixel_shuffle
        return self.out(F.relu(self.b(F.relu(move(self.a(x), 2)))))


def test_pixel_shuffle(space_of: Build) -> None:
    space = space_of(PixelShuffle(down=False), IMAGE)
    assert set(space.channel_classes) == every(4, 5, "a") | tied(6, "b")
    assert names(space) == [("a", 5, 4), ("b", 6, 1)]
    assert members(space, "a") == {
        ("a.weight", 0, 4, "makes"),
        ("a.bias", 0, 4, "follows"),
        ("b.weight", 1, 1, "reads"),
    }


def test_pixel_unshuffle(space_of: Build) -> None:
    space = space_of(PixelShuffle(down=True), IMAGE)
    assert set(space.channel_classes) == tied(5, "a") | tied(6, "b")
    assert ("b.weight", 1, 4, "reads") in members(space, "a")


class Thirds(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 12, 3, padding=1), nn.Conv2d(4, 5, 1)
        self.out = nn.Conv2d(5, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        first, second, third = self.a(x).chunk(3, 1)
        return self.out(self.b(first * torch.sigmoid(second) + third))


def test_chunks_that_meet(space_of: Build) -> None:
    space = space_of(Thirds(), IMAGE)
    assert set(space.channel_classes) == tied(4, "a", ("a", 4), ("a", 8)) | tied(5, "b")


class Flips(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(8, 5, 1)
        self.out = nn.Conv2d(5, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.a(x)
        return self.out(F.relu(self.b(torch.cat([x, x.flip(1)], 1))))


def test_concatenation_with_itself(space_of: Build) -> None:
    space = space_of(Flips(), IMAGE)
    assert set(space.channel_classes) == tied(4, "a") | tied(5, "b")
    assert ("b.weight", 1, 2, "reads") in members(space, "a")


# ---- norms and groups --------------------------------------------------------------------------


class GroupNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.norm = nn.Conv2d(3, 12, 3, padding=1), nn.GroupNorm(3, 12)
        self.b, self.out = nn.Conv2d(12, 6, 3), nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.b(F.relu(self.norm(self.a(x))))))


def test_group_norm(space_of: Build) -> None:
    space = space_of(GroupNorm(), IMAGE)
    assert set(space.channel_classes) == tied(12, "a") | tied(6, "b")
    assert names(space) == [("a", 4, 1), ("a#2", 4, 1), ("a#3", 4, 1), ("b", 6, 1)]
    assert equal(space) == {frozenset({("a",), ("a#2",), ("a#3",)})}


class GroupNormOverParts(nn.Module):
    """8 channels in groups of 3: the groups of the norm are not the layers that made them."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 5, 3, padding=1), nn.Conv2d(3, 7, 3, padding=1)
        self.norm, self.out = nn.GroupNorm(2, 12), nn.Conv2d(12, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.norm(torch.cat([self.a(x), self.b(x)], 1)))


def test_group_norm_over_a_concatenation(space_of: Build) -> None:
    space = space_of(GroupNormOverParts(), IMAGE)
    assert names(space) == [("a", 5, 1), ("b", 1, 1), ("b#2", 6, 1)]
    assert equal(space) == {frozenset({("a", "b"), ("b#2",)})}
    assert space.round([2.1, 1, 4.9]).tolist() == [3, 1, 4]
    assert space.feasible([3, 1, 4])
    assert not space.feasible([2, 1, 4])
    assert not space.feasible([2.5, 1, 3.5])


class GroupNormOfTwins(nn.Module):
    """Both groups of the norm hold the same channels."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.norm = nn.Conv2d(3, 6, 3, padding=1), nn.GroupNorm(2, 12)
        self.out = nn.Conv2d(12, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        return self.out(self.norm(torch.cat([y, y], 1)))


def test_parts_that_are_the_same_bind_nothing(space_of: Build) -> None:
    space = space_of(GroupNormOfTwins(), IMAGE)
    assert names(space) == [("a", 6, 1)]
    assert space.equal == ()
    assert all(space.feasible([width]) for width in range(1, 7))


class GroupNormOfInput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.norm = nn.Conv2d(3, 3, 3, padding=1), nn.GroupNorm(2, 6)
        self.out = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.norm(torch.cat([x, self.a(x)], 1)))


def test_a_part_that_has_to_stay_holds_the_other(space_of: Build) -> None:
    space = space_of(GroupNormOfInput(), IMAGE)
    assert space.round([1]).tolist() == [3]


class Grouped(nn.Module):
    def __init__(self, groups: int) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 12, 3, padding=1), nn.Conv2d(12, 24, 3, groups=groups)
        self.out = nn.Conv2d(24, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.b(F.relu(self.a(x)))))


@pytest.mark.parametrize("groups", [2, 3, 4])
def test_grouped_convolution(space_of: Build, groups: int) -> None:
    space = space_of(Grouped(groups), IMAGE)
    assert set(space.channel_classes) == tied(12, "a") | tied(24, "b")
    parts = {name: [name, *(f"{name}#{i}" for i in range(2, groups + 1))] for name in "ab"}
    assert equal(space) == {frozenset((part,) for part in parts[name]) for name in "ab"}
    for part in parts["a"]:  # each lies along the one axis that the weights have
        assert ("b.weight", 1, 1, "reads") in members(space, part)
    for part in parts["b"]:
        assert ("b.weight", 0, 1, "makes") in members(space, part)


class ShuffledGroups(nn.Module):
    """Channels of two halves lie in turn before a convolution of two groups."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 16, 1), nn.Conv2d(16, 6, 1, groups=2)
        self.out = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.b(F.channel_shuffle(F.relu(self.a(x)), 2))))


def test_groups_of_shuffled_channels(space_of: Build) -> None:
    """A group keeps its channels only if as many of it stay in each half."""
    torch.manual_seed(0)
    model, x = ShuffledGroups().eval(), torch.rand(1, 3, 4, 4)
    space = space_of(model, x)
    quarters = {frozenset(("a", 4 * q + i) for i in range(4)): q for q in range(4)}
    parts = [frozenset().union(*group.classes) for group in space.groups]
    assert sorted(quarters[part] for part in parts if part in quarters) == [0, 1, 2, 3]

    def allowed(widths: tuple[int, ...]) -> bool:
        w = [
            widths[quarters[p]] if p in quarters else n
            for p, n in zip(parts, space.full, strict=True)
        ]
        return all(not (e.matrix(len(w)) @ (w - space.full)).any() for e in space.equal)

    every_width = product(range(1, 5), repeat=4)
    assert [w for w in every_width if allowed(w)] == [(n, n, n, n) for n in range(1, 5)]
    kept = {group.name: [1, 3] for group in space.groups if group.name.startswith("a")}
    small = slim(model, kept, x, space=space)
    mask = torch.tensor([0.0, 1.0, 0.0, 1.0] * 4).view(1, -1, 1, 1)
    model.a.register_forward_hook(lambda m, i, out: out * mask)
    torch.testing.assert_close(small(x), model(x))


class DepthMultiplier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 8, 3, groups=4)
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.b(F.relu(self.a(x)))))


def test_depthwise_with_two_outputs_a_channel(space_of: Build) -> None:
    space = space_of(DepthMultiplier(), IMAGE)
    expected = {frozenset({("a", i), ("b", 2 * i), ("b", 2 * i + 1)}) for i in range(4)}
    assert set(space.channel_classes) == expected
    assert ("b.weight", 0, 2, "follows") in members(space, "a")


# ---- layers that are used twice ----------------------------------------------------------------


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.b(F.relu(self.a(x))))
        return self.out(F.relu(self.b(x)))


def test_shared_layer_that_reads_itself(space_of: Build) -> None:
    space = space_of(Twice(), IMAGE)
    assert set(space.channel_classes) == tied(8, "a", "b")
    assert {("b.weight", 0, 1, "makes"), ("b.weight", 1, 1, "reads")} <= members(space, "a")


class Siamese(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 6, 3, padding=1)
        self.c, self.out = nn.Conv2d(12, 4, 1), nn.Conv2d(4, 2, 1)

    def features(self, x: Tensor) -> Tensor:
        return F.relu(self.b(F.relu(self.a(x))))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.out(self.c(torch.cat([self.features(x), self.features(y)], 1)))


def test_siamese(space_of: Build) -> None:
    space = space_of(Siamese(), IMAGE, IMAGE)
    assert set(space.channel_classes) == tied(8, "a") | tied(6, "b") | tied(4, "c")
    assert ("c.weight", 1, 2, "reads") in members(space, "b")


# ---- blocks of known networks ------------------------------------------------------------------


class Pyramid(nn.Module):
    """A feature pyramid over three scales, with heads on two of them."""

    def __init__(self) -> None:
        super().__init__()
        self.c1, self.c2, self.c3 = (
            nn.Conv2d(i, o, 3, 2, 1) for i, o in ((3, 6), (6, 10), (10, 12))
        )
        self.l1, self.l2, self.l3 = (nn.Conv2d(i, 8, 1) for i in (6, 10, 12))
        self.s1, self.s2 = nn.Conv2d(8, 5, 3, 1, 1), nn.Conv2d(8, 7, 3, 1, 1)
        self.o1, self.o2 = nn.Conv2d(5, 2, 1), nn.Conv2d(7, 2, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        a = F.relu(self.c1(x))
        b = F.relu(self.c2(a))
        p2 = self.l2(b) + F.interpolate(self.l3(F.relu(self.c3(b))), scale_factor=2)
        p1 = self.l1(a) + F.interpolate(p2, scale_factor=2)
        return self.o1(self.s1(p1)), self.o2(self.s2(p2))


def test_feature_pyramid(space_of: Build) -> None:
    space = space_of(Pyramid(), IMAGE)
    alone = (("c1", 6), ("c2", 10), ("c3", 12), ("s1", 5), ("s2", 7))
    expected = tied(8, "l1", "l2", "l3").union(*(tied(n, layer) for layer, n in alone))
    assert set(space.channel_classes) == expected
    assert set(space.refused) == {"o1", "o2"}


class Ghost(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.primary, self.norm = nn.Conv2d(3, 6, 1), nn.BatchNorm2d(6)
        self.cheap = nn.Conv2d(6, 6, 3, padding=1, groups=6)
        self.h, self.out = nn.Conv2d(12, 8, 1), nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = F.relu(self.norm(self.primary(x)))
        return self.out(F.relu(self.h(torch.cat([a, F.relu(self.cheap(a))], 1))))


def test_ghost_module(space_of: Build) -> None:
    space = space_of(Ghost(), IMAGE)
    assert set(space.channel_classes) == tied(6, "primary", "cheap") | tied(8, "h")
    assert ("h.weight", 1, 2, "reads") in members(space, "primary")


class ConvNeXt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.dw = nn.Conv2d(3, 6, 4, 4), nn.Conv2d(6, 6, 7, padding=3, groups=6)
        self.norm, self.up, self.down = nn.LayerNorm(6), nn.Linear(6, 24), nn.Linear(24, 6)
        self.gamma, self.out = nn.Parameter(torch.ones(6)), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        y = self.norm(self.dw(x).permute(0, 2, 3, 1))
        y = self.gamma * self.down(F.gelu(self.up(y)))
        return self.out((x + y.permute(0, 3, 1, 2)).mean((2, 3)))


def test_convnext_block(space_of: Build) -> None:
    space = space_of(ConvNeXt(), IMAGE)
    assert set(space.channel_classes) == tied(6, "stem", "dw", "down") | tied(24, "up")
    assert ("gamma", 0, 1, "follows") in members(space, "stem")


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.e1, self.e2 = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 12, 3, padding=1)
        self.up, self.d = nn.ConvTranspose2d(12, 6, 2, 2), nn.Conv2d(14, 8, 3, padding=1)
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = F.relu(self.e1(x))
        b = self.up(F.relu(self.e2(F.max_pool2d(a, 2))))
        return self.out(F.relu(self.d(torch.cat([a, b], 1))))


def test_unet(space_of: Build) -> None:
    space = space_of(UNet(), IMAGE)
    alone = (("e1", 8), ("e2", 12), ("up", 6), ("d", 8))
    assert set(space.channel_classes) == set().union(*(tied(n, layer) for layer, n in alone))
    assert ("up.weight", 1, 1, "makes") in members(space, "up")
    assert ("up.weight", 0, 1, "reads") in members(space, "e2")


class Excite(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.squeeze, self.excite = (
            nn.Conv2d(3, 8, 3, padding=1),
            nn.Linear(8, 4),
            nn.Linear(4, 8),
        )
        self.b, self.out = nn.Conv2d(8, 6, 1), nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.a(x))
        gate = torch.sigmoid(self.excite(F.relu(self.squeeze(x.mean((2, 3))))))
        return self.out(self.b(x * gate[:, :, None, None]))


def test_squeeze_and_excite(space_of: Build) -> None:
    space = space_of(Excite(), IMAGE)
    expected = tied(8, "a", "excite") | tied(4, "squeeze") | tied(6, "b")
    assert set(space.channel_classes) == expected


# ---- what has to stay --------------------------------------------------------------------------


class Gate(nn.Module):
    """One channel that is multiplied with all others."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.gate = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 1, 3, padding=1)
        self.out = nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.a(x))
        return self.out(x * torch.sigmoid(self.gate(x)))


def test_one_channel_over_many(space_of: Build) -> None:
    space = space_of(Gate(), IMAGE)
    assert set(space.channel_classes) == tied(6, "a")
    assert "broadcast over many" in space.refused["gate"]


class PlusInput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 3, 3, padding=1)
        self.c, self.out = nn.Conv2d(3, 5, 1), nn.Conv2d(5, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.c(x + self.b(F.relu(self.a(x)))))


def test_tied_to_an_input(space_of: Build) -> None:
    space = space_of(PlusInput(), IMAGE)
    assert set(space.channel_classes) == tied(8, "a") | tied(5, "c")
    assert "tied to an input" in space.refused["b"]


class Pooled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.fc, self.out = nn.Conv2d(3, 5, 3), nn.Linear(20, 6), nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.adaptive_avg_pool2d(F.relu(self.a(x)), 2)
        return self.out(F.relu(self.fc(x.flatten(1))))


def test_adaptive_pool_and_flatten(space_of: Build) -> None:
    space = space_of(Pooled(), IMAGE)
    assert set(space.channel_classes) == tied(5, "a") | tied(6, "fc")
    assert ("fc.weight", 1, 4, "reads") in members(space, "a")


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.cell = nn.Linear(6, 8), nn.LSTM(8, 7, batch_first=True)
        self.b, self.out = nn.Linear(7, 5), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.b(self.cell(self.a(x))[0][:, -1]))


def test_an_operator_without_a_rule_is_named(space_of: Build) -> None:
    space = space_of(Recurrent(), TOKENS)
    assert set(space.channel_classes) == tied(5, "b")
    assert "lstm" in space.refused["a"]


class Nothing(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)


def test_a_network_without_widths(space_of: Build) -> None:
    space = space_of(Nothing(), IMAGE)
    assert space.groups == ()
    assert space.peak(space.full) == 2 * 4 * IMAGE.numel()
    assert space.macs(space.full) == space.size(space.full) == 0
    assert space.round([]).tolist() == []


class Sum(nn.Module):
    """Two layers whose channels are united before what they make turns out to be an output."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.a(x) + self.b(x)


def test_each_layer_that_stays_says_why(space_of: Build) -> None:
    assert space_of(Sum(), IMAGE).refused == dict.fromkeys("ab", "an output of the graph")


def test_a_depthwise_layer_follows(space_of: Build) -> None:
    """Its weights have one entry a channel, which neither makes nor reads channels of others."""
    layers = [nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 3, groups=8), nn.Conv2d(8, 4, 1)]
    space = space_of(nn.Sequential(*layers), IMAGE)
    assert members(space, "0") == {
        ("0.weight", 0, 1, "makes"),
        ("0.bias", 0, 1, "follows"),
        ("1.weight", 0, 1, "follows"),
        ("1.bias", 0, 1, "follows"),
        ("2.weight", 1, 1, "reads"),
    }
