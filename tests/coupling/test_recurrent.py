"""Units of recurrent layers, in modules and in ONNX files."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mcugraph as mg

torch = pytest.importorskip("torch")
nn = torch.nn
F = torch.nn.functional

from support.channel_classes import TOKENS, Build, tied  # noqa: E402


class Network(nn.Module):
    """A recurrent layer between dense ones."""

    def __init__(self, cell: str, how: str = "sequence", **options: Any) -> None:
        super().__init__()
        self.how, self.a = how, nn.Linear(6, 8)
        self.cell = getattr(nn, cell)(8, 5, batch_first=True, **options)
        self.b = nn.Linear(5 * (1 + bool(options.get("bidirectional"))), 7)
        self.start, self.out = nn.Linear(6, 5), nn.Linear(7, 3)

    def forward(self, x: Any) -> Any:
        first = torch.tanh(self.start(x[:, 0]))[None]
        if self.how == "given":
            y, _ = self.cell(self.a(x), (first, first) if isinstance(self.cell, nn.LSTM) else first)
        elif self.how == "zeros":
            y, _ = self.cell(self.a(x), torch.zeros(1, x.shape[0], 5))
        else:
            y, last = self.cell(self.a(x))
        if self.how == "state":
            y = last[0] if isinstance(self.cell, nn.LSTM) else last
            y = y.transpose(0, 1).flatten(1)[:, None]
        return self.out(F.relu(self.b(y)))


CELLS = ("LSTM", "GRU", "RNN")


@pytest.mark.parametrize("how", ["sequence", "state"])
@pytest.mark.parametrize("cell", CELLS)
def test_a_unit_is_a_channel_of_its_gates_and_of_what_reads_it(
    space_of: Build, cell: str, how: str
) -> None:
    space = space_of(Network(cell, how), TOKENS)
    assert set(space.channel_classes) == tied(8, "a") | tied(5, "cell") | tied(7, "b")
    group = next(group for group in space.groups if group.name == "cell")
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[cell]
    uses = {(m.tensor, m.axis): (m.multiplicity, m.use) for m in group.members}
    assert uses["cell.weight_ih_l0", 0] == uses["cell.weight_hh_l0", 0] == (gates, "makes")
    assert uses["cell.weight_hh_l0", 1] == uses["b.weight", 1] == (1, "reads")
    assert uses["cell.bias_hh_l0", 0] == (gates, "follows")


@pytest.mark.parametrize("cell", CELLS)
def test_what_it_begins_with_is_of_its_units(space_of: Build, cell: str) -> None:
    space = space_of(Network(cell, "given"), TOKENS)
    assert set(space.channel_classes) == tied(8, "a") | tied(5, "cell", "start") | tied(7, "b")


def test_directions_and_layers_of_a_module_keep_equally_many_units(space_of: Build) -> None:
    space = space_of(Network("GRU", num_layers=2, bidirectional=True), TOKENS)
    assert [group.width for group in space.groups] == [8, 5, 5, 5, 5, 7]
    assert len({group.name for group in space.groups}) == 6
    assert space.round([4, 3, 2, 3, 4, 5]).tolist() == [4, 3, 3, 3, 3, 5]
    assert not space.feasible(np.array([4, 3, 3, 3, 4, 5]))


def test_zeros_that_code_makes_for_it_are_refused_by_name(space_of: Build) -> None:
    space = space_of(Network("RNN", "zeros"), TOKENS)
    assert set(space.channel_classes) == tied(8, "a") | tied(7, "b")
    assert "how many zeros it begins with" in space.refused["cell"]


@pytest.mark.parametrize("how", ["sequence", "state", "given"])
@pytest.mark.parametrize("cell", CELLS)
def test_a_file_has_the_same_units(
    space_of: Build, to_onnx: Callable[..., mg.Graph], cell: str, how: str
) -> None:
    pytest.importorskip("onnx")
    model, x = Network(cell, how).eval(), torch.randn(2, 4, 6)
    module, file = space_of(model, x), mg.widths(to_onnx(model, (x,)))
    assert [group.width for group in file.groups] == [group.width for group in module.groups]
    for part in (0.2, 0.5, 0.8):
        widths = module.round(part * module.full)
        assert (file.macs(widths), file.size(widths)) == (module.macs(widths), module.size(widths))


def test_in_a_file_both_directions_have_units_on_one_axis(to_onnx: Callable[..., mg.Graph]) -> None:
    pytest.importorskip("onnx")
    model = Network("LSTM", bidirectional=True).eval()
    space = mg.widths(to_onnx(model, (torch.randn(2, 4, 6),)))
    assert sorted(group.width for group in space.groups) == [5, 7, 8]
    kept = space.full - np.array([0, 2, 0])
    slim = Network("LSTM", bidirectional=True).eval()
    slim.cell, slim.b = nn.LSTM(8, 3, batch_first=True, bidirectional=True), nn.Linear(6, 7)
    profile = mg.profile(mg.from_torch(slim, torch.randn(2, 4, 6)))
    assert space.macs(kept) == profile.macs
    assert space.size(kept) == profile.flash.weights + profile.flash.biases
