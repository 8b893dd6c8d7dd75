"""Which layers a model calls for nothing, and which only seem so by their names."""

from typing import Any

import pytest

import mcugraph as mg
from mcugraph.slimming.unread_calls import unread_calls

torch = pytest.importorskip("torch")
nn = torch.nn
X = torch.zeros(2, 4)


class Twice(nn.Module):  # type: ignore[misc,name-defined]
    """Two layers of one matrix, and one that nobody reads."""

    def __init__(self, unread: bool) -> None:
        super().__init__()
        self.a, self.b, self.unread = nn.Linear(4, 4), nn.Linear(4, 4, bias=False), unread
        self.b.weight = self.a.weight
        self.last = nn.Sequential(nn.Linear(4, 4))

    def forward(self, x: Any) -> Any:
        x = self.b(self.a(x))
        if self.unread:
            self.last(x)
        return x


class Own(nn.Module):  # type: ignore[misc,name-defined]
    """It has its parameters itself."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Parameter(torch.rand(5, 4)), nn.Parameter(torch.rand(3, 5))

    def forward(self, x: Any) -> Any:
        return nn.functional.linear(nn.functional.linear(x, self.a), self.b)


@pytest.mark.parametrize(
    ("model", "unread"),
    [(Twice(True), {"": {"last"}}), (Twice(False), {}), (Own(), {})],
    ids=["unread", "tied", "own"],
)
def test_what_is_called_for_nothing(model: Any, unread: dict[str, set[str]]) -> None:
    graph = mg.from_torch(model.eval(), X)
    assert unread_calls(model, graph, ((X,), {})) == unread
