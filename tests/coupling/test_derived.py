"""Constants that code works out of what a model stores, in any type of floats."""

import pytest

torch = pytest.importorskip("torch")
Tensor = torch.Tensor
nn = torch.nn

from support.channel_classes import Build, tied  # noqa: E402


class Placed(nn.Module):
    """Tokens, with a table of positions that is held in single precision."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(6, 8, dtype=dtype), nn.Linear(8, 3, dtype=dtype)
        self.table = nn.Parameter(torch.randn(9, 8))

    def forward(self, x: Tensor) -> Tensor:
        x = self.a(x)
        return self.b(x + self.table[: x.shape[1]].to(x.dtype))


@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16"])
def test_a_table_is_followed_through_a_cast(name: str, space_of: Build) -> None:
    dtype = getattr(torch, name)
    space = space_of(Placed(dtype), torch.zeros(1, 5, 6, dtype=dtype))
    assert set(space.channel_classes) == tied(8, "a")


class Masked(Placed):
    """Of the table, only what a tensor lets through that is no parameter and no buffer."""

    def __init__(self) -> None:
        super().__init__(torch.float32)
        self.through = torch.ones(8)

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.a(x) + self.table[: x.shape[1]] * self.through)


def test_constants_of_the_code_itself_cannot_be_cut(space_of: Build) -> None:
    space = space_of(Masked(), torch.zeros(1, 5, 6))
    assert not space.channel_classes
    assert "computed by the model's code" in space.refused["a"]


class Waves(nn.Module):
    """Tokens, with positions that its code writes into a tensor part by part."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(6, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        angles = torch.arange(x.shape[1]).unsqueeze(1) * torch.exp(-torch.arange(0, 8, 2.0))
        table = torch.zeros(x.shape[1], 8)
        table[:, 0::2], table[:, 1::2] = torch.sin(angles), torch.cos(angles)
        return self.b(self.a(x) + table)


def test_what_the_code_writes_part_by_part_cannot_be_cut(space_of: Build) -> None:
    space = space_of(Waves(), torch.zeros(1, 5, 6))
    assert not space.channel_classes
    assert "'slice_scatter_1' is computed by the model's code" in space.refused["a"]
    constants = {t.name: t.constant for t in space.graph.tensors.values() if t.is_constant}
    table = torch.from_numpy(constants["slice_scatter_1"].array())
    torch.testing.assert_close(table[:, 0], torch.sin(torch.arange(5.0)))
    torch.testing.assert_close(table[:, 1], torch.cos(torch.arange(5.0)))
