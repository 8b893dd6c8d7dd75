"""MACs of layers that counters often miss, as several tools count them for the same module.

The truth is worked out by hand from the definition of each layer: one multiply-accumulate for each
product of linear algebra, biases and elementwise work left out. The other tools hook modules or
operators of PyTorch; tools that are not installed get a dash.

    pip install thop ptflops fvcore torchinfo
    python bench/layer_macs.py
"""

import contextlib
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

import mcugraph as mg


class Functional(nn.Module):
    """A convolution and a dense layer without modules."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(8, 3, 3, 3))
        self.matrix = nn.Parameter(torch.randn(10, 8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        planes = functional.conv2d(x, self.kernel, padding=1)
        return functional.linear(planes.mean((2, 3)), self.matrix)


class Holder(nn.Module):
    """A layer inside a model, as counters expect it."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made = self.layer(x)
        return made[0] if isinstance(made, tuple) else made


class SelfAttention(nn.Module):
    """Four heads over sixteen tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(32, 4, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attention(x, x, x, need_weights=False)[0]


class Products(nn.Module):
    """Attention written out: softmax(q k^T) v."""

    def forward(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return (q @ k.transpose(-1, -2)).softmax(-1) @ v


@dataclass(frozen=True)
class Case:
    """A module, its inputs, and its MACs as a sum of products."""

    name: str
    module: nn.Module
    shapes: tuple[tuple[int, ...], ...]
    truth: int

    def inputs(self) -> tuple[torch.Tensor, ...]:
        return tuple(torch.randn(*shape) for shape in self.shapes)


CASES = (
    # Three projections in and one out, then two products of 16 x 16 x 8 for each of four heads.
    Case(
        "nn.MultiheadAttention",
        SelfAttention(),
        ((1, 16, 32),),
        4 * 16 * 32 * 32 + 2 * 4 * 16 * 16 * 8,
    ),
    Case("attention, matmul", Products(), ((1, 4, 16, 8),) * 3, 2 * 4 * 16 * 16 * 8),
    # Four gates of 24 units (a GRU: three), each over 10 inputs and 24 states, in 12 steps.
    Case(
        "nn.LSTM",
        Holder(nn.LSTM(10, 24, batch_first=True)),
        ((1, 12, 10),),
        12 * 4 * 24 * (10 + 24),
    ),
    Case(
        "nn.GRU", Holder(nn.GRU(10, 24, batch_first=True)), ((1, 12, 10),), 12 * 3 * 24 * (10 + 24)
    ),
    # Each of 8 x 8 input positions meets each of 6 x 4 x 3 x 3 weights.
    Case(
        "nn.ConvTranspose2d",
        Holder(nn.ConvTranspose2d(6, 4, 3, 2)),
        ((1, 6, 8, 8),),
        64 * 6 * 4 * 9,
    ),
    Case("F.conv2d, F.linear", Functional(), ((1, 3, 8, 8),), 64 * 8 * 3 * 9 + 8 * 10),
)


def ours(case: Case) -> int:
    return mg.profile(mg.from_torch(case.module, case.inputs())).macs


def thop(case: Case) -> int:
    from thop import profile

    return int(profile(case.module, case.inputs(), verbose=False)[0])


def ptflops(case: Case) -> int:
    from ptflops import get_model_complexity_info

    names = ("x",) if len(case.shapes) == 1 else ("q", "k", "v")
    macs, _ = get_model_complexity_info(
        case.module,
        case.shapes[0],
        as_strings=False,
        print_per_layer_stat=False,
        input_constructor=lambda _: dict(zip(names, case.inputs(), strict=True)),
    )
    return int(macs)


def fvcore(case: Case) -> int:
    from fvcore.nn import FlopCountAnalysis

    # fvcore says flop and counts one for a multiply-accumulate.
    return int(FlopCountAnalysis(case.module, case.inputs()).total())


def torchinfo(case: Case) -> int:
    from torchinfo import summary

    return int(summary(case.module, input_data=case.inputs(), verbose=0).total_mult_adds)


TOOLS: tuple[Callable[[Case], int], ...] = (ours, thop, ptflops, fvcore, torchinfo)


def figure(tool: Callable[[Case], int], case: Case) -> str:
    """What a tool counts, marked where it is not the truth; a dash where it fails."""
    quiet: Any = io.StringIO()
    try:
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            macs = tool(case)
    except Exception:  # whatever another tool comes to grief with
        return "-"
    return f"{macs:,}" if macs == case.truth else f"{macs:,} ({macs / case.truth:.2f}x)"


def main() -> None:
    warnings.filterwarnings("ignore")
    torch.manual_seed(0)
    names = ["mcugraph", *(tool.__name__ for tool in TOOLS[1:])]
    print("| layer | truth | " + " | ".join(names) + " |")
    print("|---|--:|" + "--:|" * len(TOOLS))
    for case in CASES:
        case.module.eval()
        cells = " | ".join(figure(tool, case) for tool in TOOLS)
        print(f"| {case.name} | {case.truth:,} | {cells} |")


if __name__ == "__main__":
    main()
