"""Search spaces: what they hold, and that one network is the same for all three builders."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

import pytest
from support.spaces import SPACES, by_space, metered, some

import mcugraph as mg
from mcugraph.ir import Shape
from mcugraph.nas import (
    Cnn1dSpace,
    CnnSpace,
    DsCnnSpace,
    MlpSpace,
    Morph,
    NetworkBuilder,
    SearchSpace,
)
from mcugraph.nas.domains import WholeRange
from mcugraph.nas.spaces.cnn import BLOCKS, DENSE, LAYERS, POOLING, UNITS, Cnn, ConvBlock, ConvLayer


def profiled(graph: mg.Graph) -> tuple[int, int, int, int]:
    p = mg.profile(graph, precision="int8")
    assert p.complete
    assert p.macs is not None
    size = p.flash.weights + p.flash.biases
    return size, p.model.parameters, p.macs, p.memory.operator_bound


def hold_module_against_graph(space: SearchSpace[Any], arch: Any) -> None:
    import torch

    module = space.module(arch).eval()
    example = torch.zeros(1, *space.input_shape)
    assert module(torch.zeros(3, *space.input_shape)).shape == (3, space.classes)
    of_module = mg.profile(mg.from_torch(module, (example,)), precision="int8").to_dict()
    of_graph = mg.profile(space.graph(arch), precision="int8").to_dict()
    for facts in (of_module, of_graph):
        del facts["memory"]["bottleneck"]  # names of tensors
    for field in ("memory", "flash", "macs", "elementwise"):
        assert of_module[field] == of_graph[field], (field, arch)


@by_space
def test_the_meter_counts_what_a_profile_of_the_graph_tells(space: SearchSpace[Any]) -> None:
    for arch in some(space, 60):
        assert metered(space.meter(arch)) == profiled(space.graph(arch)), arch


@dataclass(frozen=True)
class Bend:
    """An architecture of which some are equal and yet no one network."""

    bent: int | bool


@dataclass
class Bends(SearchSpace[Bend]):
    """A space that has no hash, and whose fields decide what is next to an architecture."""

    most: int
    architecture: ClassVar[type] = Bend
    input_shape: Shape = (2,)
    classes: int = 2

    def sample(self, rng: Random) -> Bend:
        return Bend(rng.randint(1, self.most))

    def morphs(self, arch: Bend) -> Iterator[Morph[Bend]]:
        name = f"from {arch.bent!r} of {self.most}"
        yield Morph("bent", name, lambda rng: Bend(self.most))

    def emit(self, arch: Bend, builder: NetworkBuilder[Any]) -> None:
        builder.output(builder.dense(builder.input((2,)), int(arch.bent)))


def test_what_is_next_is_of_this_architecture_of_this_space() -> None:
    """And not of one that is equal, nor of another space."""
    names = [
        space.mutate(Bend(bent), Random(0))[1]
        for space in (Bends(3), Bends(3), Bends(4))
        for bent in (1, True)
    ]
    assert names == [f"from {bent} of {most}" for most in (3, 3, 4) for bent in (1, True)]


@by_space
def test_the_order_that_is_said_needs_no_less_than_the_best(space: SearchSpace[Any]) -> None:
    """Nor than the file's, which is the same but for what is computed twice."""
    for arch in some(space, 40, seed=3):
        memory = mg.profile(space.graph(arch), precision="int8").memory
        meter = space.meter(arch)
        assert meter.peak == memory.peak <= memory.file_order_peak <= meter.peak_as_said, arch
        if not meter.branches:
            assert memory.peak == meter.peak_as_said, arch


@by_space
def test_the_module_costs_what_the_graph_does(space: SearchSpace[Any]) -> None:
    pytest.importorskip("torch")
    for arch in some(space, 2, seed=1):
        hold_module_against_graph(space, arch)


@pytest.mark.slow
def test_five_hundred_modules_cost_what_their_graphs_do() -> None:
    pytest.importorskip("torch")
    space = SPACES["cnn"]
    for arch in some(space, 500, seed=2):
        hold_module_against_graph(space, arch)


def test_series_cost_the_same_as_images_of_one_row() -> None:
    """And compute the same: so that a file needs no transpositions."""
    torch = pytest.importorskip("torch")
    from mcugraph.nas import GraphBuilder, ModuleBuilder
    from mcugraph.nas.upright import Upright

    space = SPACES["cnn1d"]
    for arch in some(space, 12, seed=8):
        graph, module = GraphBuilder(), ModuleBuilder()
        for builder in (graph, module):
            space.emit(arch, Upright(builder))
        of_images = mg.profile(graph.graph(), precision="int8").to_dict()
        of_series = mg.profile(space.graph(arch), precision="int8").to_dict()
        for field in ("memory", "flash", "macs", "elementwise"):
            assert of_images[field] == of_series[field], (field, arch)
        upright, plain = module.module().eval(), space.module(arch).eval()
        shapes = {name: value.shape for name, value in upright.state_dict().items()}
        held = plain.state_dict().items()
        upright.load_state_dict({name: value.reshape(shapes[name]) for name, value in held})
        series = torch.rand(2, *space.input_shape)
        torch.testing.assert_close(upright(series.unsqueeze(2)), plain(series))


def test_both_accountings_know_the_batch_norms() -> None:
    torch = pytest.importorskip("torch")
    space = SPACES["ds_cnn"]
    (arch,) = some(space, 1, seed=3)
    module = mg.from_torch(space.module(arch).eval(), (torch.zeros(1, *space.input_shape),))
    paper = [mg.profile(graph, accounting="paper") for graph in (module, space.graph(arch))]
    assert paper[0].flash == paper[1].flash
    assert paper[0].macs == paper[1].macs


@by_space
def test_architectures_survive_json(space: SearchSpace[Any]) -> None:
    import json

    for arch in some(space, 20):
        assert space.from_plain(json.loads(json.dumps(space.to_plain(arch)))) == arch


@pytest.mark.parametrize("data", [{}, {"units": 3}, {"units": [True]}, {"units": ["3"]}, [3]])
def test_what_is_no_architecture_is_refused(data: Any) -> None:
    with pytest.raises(mg.UsageError):
        SPACES["mlp"].from_plain(data)


def in_table_1(arch: Cnn) -> bool:
    """Whether an architecture lies in Table 1 of the paper."""
    layers = [layer for block in arch.blocks for layer in block.layers]
    return (
        1 <= len(arch.blocks) <= 10
        and all(1 <= len(block.layers) <= 3 for block in arch.blocks)
        and all(
            layer.kernel in {1, 3, 5, 7} and 1 <= layer.channels <= 128 and layer.stride in {1, 2}
            for layer in layers
        )
        and arch.pooling in {"average", "max"}
        and arch.window in {2, 4, 6}
        and 1 <= len(arch.units) <= 3
        and all(10 <= units <= 256 for units in arch.units)
    )


def test_every_morph_stays_in_the_table() -> None:
    space, rng = CnnSpace((1, 28, 28), 10), Random(4)
    for arch in some(space, 40, seed=5):
        assert in_table_1(arch)
        names = []
        for morph in space.morphs(arch):
            names.append(morph.name)
            made = morph.apply(rng)
            assert made != arch, morph.name
            assert in_table_1(made), morph.name
        assert len(names) == len(set(names))


def test_both_ends_of_every_range_are_reached() -> None:
    space, rng = CnnSpace((1, 28, 28), 10), Random(6)
    drawn = [space.sample(rng) for _ in range(3000)]
    layers = [layer for arch in drawn for block in arch.blocks for layer in block.layers]
    seen = {
        "blocks": {len(arch.blocks) for arch in drawn},
        "layers": {len(block.layers) for arch in drawn for block in arch.blocks},
        "dense": {len(arch.units) for arch in drawn},
        "units": {units for arch in drawn for units in arch.units},
        "window": {arch.window for arch in drawn},
    }
    ranges: dict[str, tuple[int, int]] = {"blocks": BLOCKS, "layers": LAYERS, "dense": DENSE}
    ranges["units"] = UNITS.low, UNITS.high
    window = POOLING["window"]
    assert isinstance(window, WholeRange)
    ranges["window"] = window.low, window.high
    for field, (low, high) in ranges.items():
        assert (min(seen[field]), max(seen[field])) == (low, high), field
    for field, domain in space.layer.items():
        values = {getattr(layer, field) for layer in layers}
        ends = {domain.low, domain.high} if isinstance(domain, WholeRange) else {False, True}
        assert ends <= values, field


def test_kinds_of_morph_are_drawn_first() -> None:
    """A network of thirty layers changes its pooling as often as one of three."""
    layer = ConvLayer(False, 3, 64, 1, False, True, True)
    blocks = tuple(ConvBlock(False, (layer,) * 3) for _ in range(10))
    arch = Cnn(blocks, "max", 4, (64,))
    rng = Random(7)
    space = CnnSpace((1, 28, 28), 10)
    count = sum(space.mutate(arch, rng)[1].startswith("pooling") for _ in range(2000))
    kinds = len({morph.kind for morph in space.morphs(arch)})
    assert abs(count / 2000 - 1 / kinds) < 0.03


def test_networks_are_told_apart_by_what_they_compute() -> None:
    layer = ConvLayer(True, 1, 8, 1, False, False, True)
    same = ConvLayer(True, 1, 99, 2, False, False, True)  # of 1x1, a stride says nothing
    other = ConvLayer(True, 3, 8, 1, False, False, True)
    space = CnnSpace((1, 9, 9), 3)
    keys = [
        space.key(Cnn((ConvBlock(False, (x,)),), "max", 2, (10,))) for x in (layer, same, other)
    ]
    assert keys[0] == keys[1] != keys[2]


def test_nothing_here_needs_torch_before_a_module_is_made() -> None:
    code = (
        "import sys, mcugraph.nas as n; n.CnnSpace((1, 9, 9), 2); sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("shape", [(28, 28), (1, 0, 28), (1, 2, 3, 4)])
def test_an_example_has_the_axes_that_a_space_is_for(shape: tuple[int, ...]) -> None:
    with pytest.raises(mg.UsageError, match="channels, height, width"):
        CnnSpace(shape, 10)


def test_a_range_has_its_ends() -> None:
    with pytest.raises(mg.UsageError, match="no range"):
        WholeRange(1, 4, (1,), every=2)


@pytest.mark.parametrize("make", [CnnSpace, Cnn1dSpace, DsCnnSpace, MlpSpace])
@pytest.mark.parametrize("classes", [0, 1, 2.5, True])
def test_one_class_is_nothing_to_tell_apart(make: Any, classes: Any) -> None:
    shape = {CnnSpace: (1, 9, 9), DsCnnSpace: (1, 9, 9)}.get(make, (1, 9))
    with pytest.raises(mg.UsageError, match=r"^classes: a whole number from 2 on is needed, not "):
        make(shape, classes)


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((20,), "; the space mlp (MlpSpace) takes it"),
        ((2, 20), "; the space cnn1d (Cnn1dSpace) takes it"),
        ((1, 0, 9), "is not (channels, height, width)"),
        (("1", 9, 9), "an example of shape ('1', 9, 9) is not (channels, height, width)"),
        ((1, 9.5, 9), "is not (channels, height, width)"),
        (28, "input_shape: whole numbers are needed, like (1, 28, 28), not 28"),
        (None, "input_shape: whole numbers are needed, like (1, 28, 28), not None"),
        ("28", "input_shape: whole numbers are needed, like (1, 28, 28), not '28'"),
    ],
)
def test_a_shape_of_another_space_names_that(shape: Any, said: str) -> None:
    with pytest.raises(mg.UsageError, match=f"{re.escape(said)}$"):
        CnnSpace(shape, 3)


@pytest.mark.parametrize("shape", [(), (0,), None, 6])
def test_a_shape_of_features_is_held_too(shape: Any) -> None:
    with pytest.raises(mg.UsageError, match=r"^input_shape: "):
        MlpSpace(shape, 3)


@pytest.mark.parametrize("make", [CnnSpace, Cnn1dSpace, MlpSpace])
@pytest.mark.parametrize("dropout", [1, -0.1, "much", True])
def test_a_dropout_is_a_rate(make: Any, dropout: Any) -> None:
    shape = (1, 9, 9) if make is CnnSpace else (1, 9)
    with pytest.raises(mg.UsageError, match=r"^dropout: a fraction from 0 to below 1 is needed"):
        make(shape, 3, dropout=dropout)
