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
