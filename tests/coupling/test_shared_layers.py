"""Layers that are used twice, embeddings that are the last layer too."""

import pytest

torch = pytest.importorskip("torch")
Tensor = torch.Tensor
nn = torch.nn
F = torch.nn.functional

from support.channel_classes import IMAGE, TOKENS, Build, members, names, tied  # noqa: E402


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


class TiedDecoder(nn.Module):
    """An autoencoder (Vincent et al., 2010) that decodes by what it encodes with, transposed."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.embed, self.out = nn.Linear(6, 8), nn.Linear(8, 3)
        self.code = nn.Linear(8, hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.code(self.embed(x))) @ self.code.weight)


@pytest.mark.parametrize("hidden", [5, 8])
def test_a_layer_that_is_transposed_too(hidden: int, space_of: Build) -> None:
    """Its units are not what it decodes to, also where these are as many."""
    space = space_of(TiedDecoder(hidden), TOKENS)
    assert names(space) == [("embed", 8, 1), ("code", hidden, 1)]
    assert {("code.weight", 1, 1, "reads"), ("out.weight", 1, 1, "reads")} <= members(
        space, "embed"
    )
    assert {layer for c in space.groups[1].classes for layer, _ in c} == {"code"}
