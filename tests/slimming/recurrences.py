"""Networks whose recurrent layers begin, end and are joined as people write it."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

TOKENS = (2, 5, 6)


class Begun(nn.Module):
    """Recurrent layers that begin with something: what a layer makes, or what is learned."""

    def __init__(self, cell: str, how: str) -> None:
        super().__init__()
        self.how, self.lstm, both = how, cell == "LSTM", how == "learned"
        self.a, self.b, self.fc = nn.Linear(6, 7), nn.Linear(6, 4), nn.Linear(4 * (1 + both), 3)
        self.cell = getattr(nn, cell)(7, 4, batch_first=True, bidirectional=both)
        self.h, self.c = (nn.Parameter(torch.randn(2, 1, 4)) for _ in range(2))

    def forward(self, x: Any) -> Any:
        if self.how == "learned":
            h, c = self.h.repeat(1, x.shape[0], 1), self.c.expand(-1, x.shape[0], -1)
        else:  # a sigmoid makes something of what is masked
            h = torch.sigmoid(self.b(x[:, 0]))[None]
            c = h * 2
        x = torch.sigmoid(self.a(x)) if self.how == "given" else F.relu(self.a(x))
        return self.fc(self.cell(x, (h, c) if self.lstm else h)[0].mean(1))


class Steps(nn.Module):
    """One step after the other, of a layer that begins by itself."""

    def __init__(self, cell: str) -> None:
        super().__init__()
        self.a, self.cell, self.fc = nn.Linear(6, 7), getattr(nn, cell)(7, 4), nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        state, made = None, []
        for step in F.relu(self.a(x)).unbind(1):
            state = self.cell(step, state)
            made.append(state[0] if isinstance(state, tuple) else state)
        return self.fc(torch.stack(made, 1))


class Ends(nn.Module):
    """An encoder whose states a decoder begins with; or those of all layers joined."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, both = how, how == "joined"
        self.a = nn.GRU(6, 4, 1 + both, batch_first=True, bidirectional=both)
        self.b, self.fc = nn.GRU(3, 4, batch_first=True), nn.Linear(16 if both else 4, 3)

    def forward(self, x: Any) -> Any:
        _, ends = self.a(x)
        if self.how == "joined":
            return self.fc(ends.permute(1, 0, 2).reshape(x.shape[0], -1))
        return self.fc(self.b(x[:, 1:, :3], ends)[0])


class Projected(nn.Module):
    """Cells that a projection makes the units of."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTM(6, 7, 2, batch_first=True, proj_size=4)
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        return self.fc(self.cell(x)[0])


PATTERNS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    **{
        f"{cell.lower()}_{how}": ((lambda cell=cell, how=how: Begun(cell, how)), TOKENS)
        for cell in ("LSTM", "GRU")
        for how in ("given", "learned")
    },
    **{
        f"{cell.lower()}_steps": ((lambda cell=cell: Steps(f"{cell}Cell")), TOKENS)
        for cell in ("LSTM", "RNN")
    },
    **{f"gru_ends_{how}": ((lambda how=how: Ends(how)), TOKENS) for how in ("handed", "joined")},
    "lstm_projected": (Projected, TOKENS),
}
