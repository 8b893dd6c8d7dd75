"""Attention and heads: classes and constraints worked out by hand."""

import pytest

from mcugraph.slimming.slimmer import slim

torch = pytest.importorskip("torch")
Tensor = torch.Tensor
nn = torch.nn
F = torch.nn.functional

from support.channel_classes import TOKENS, Build, equal, every, names, tied  # noqa: E402


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
