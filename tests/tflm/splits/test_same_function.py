"""Files whose chains are computed in slices: TFLM makes the same of them, bit for bit."""

import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.channel_networks import channel_networks
from support.running import litert_outputs, tflm_outputs

import mcugraph as mg
from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.formats.tflite.stored import BUFFERS, opened
from mcugraph.formats.tflite.tables import read_model
from mcugraph.ir import DType
from mcugraph.optimizer.verification import run
from mcugraph.tflm.footprint import footprint
from mcugraph.tflm.loaded import program_of
from mcugraph.tflm.splits.split_chains import Chain, chains
from mcugraph.tflm.splits.split_file import split_file
from mcugraph.tflm.splits.split_program import split_program
from mcugraph.tflm.splits.split_recipe import Split

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "models"
SHARED = Path(__file__).resolve().parents[4] / "shared" / "models" / "tflite"


def apart(found: tuple[Chain, ...], random: Random) -> list[Split]:
    """Chains that share no operator, each in some number of slices."""
    picked: list[Split] = []
    taken = set[int]()
    for chain in sorted(found, key=lambda chain: (random.random(), chain.operators)):
        if taken.isdisjoint(chain.operators):
            taken.update(chain.operators)
            picked.append((chain, random.randint(2, min(chain.units, 10))))
    return picked


@pytest.mark.oracle("tflite_micro")
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=channel_networks(), seed=st.integers(0, 1 << 30))
def test_random_networks(data: bytes, seed: int) -> None:
    model = read_model(data)
    found = chains(model)
    assert found  # a head with an operator that keeps to its channels
    made = split_file("x", data, model, apart(found, Random(seed)))
    assert tflm_outputs(made) == tflm_outputs(data)


@pytest.mark.oracle("ai_edge_litert")
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=channel_networks(biased=True), seed=st.integers(0, 1 << 30))
def test_random_networks_on_litert(data: bytes, seed: int) -> None:
    """Its reference kernels: what the others make of floats may depend on how many there are."""
    model = read_model(data)
    made = split_file("x", data, model, apart(chains(model), Random(seed)))
    assert litert_outputs(made) == litert_outputs(data)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=channel_networks(), seed=st.integers(0, 1 << 30))
def test_weights_are_cut_and_nothing_else_is_kept(data: bytes, seed: int) -> None:
    model = read_model(data)
    splits = apart(chains(model), Random(seed))
    file = split_file("x", data, model, splits)
    made = read_model(file)
    # No buffer keeps the weights that were cut.
    filled = {n for n, buffer in enumerate(opened("x", file).tables(BUFFERS)) if buffer.values(0)}
    assert filled <= {tensor.buffer for tensor in made.tensors}
    # Weights of four bits may be filled up, and shapes stated, once a slice.
    spare = sum(count for chain, count in splits for _ in chain.operators)
    stated = 16 * any(operator.native == "RESHAPE" for operator in model.subgraphs[0].operators)
    padded = any(tensor.dtype is DType.INT4 for tensor in model.tensors)
    assert constants(made) <= constants(model) + spare * (stated + padded)
    main = made.subgraphs[0]
    used = {*main.inputs, *main.outputs, *(t for op in main.operators for t in op.inputs)}
    assert used | {-1} == {*range(len(main.tensors)), -1}
    assert len({tensor.name for tensor in main.tensors}) == len(main.tensors)


def constants(model: TfliteModel) -> int:
    """Bytes of the values in a file, each place counted once."""
    return sum({t.place: t.data.nbytes for t in model.tensors if t.data is not None}.values())


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=channel_networks(), seed=st.integers(0, 1 << 30))
def test_the_twin_foresees_the_file(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("split")
    (folder / "old.tflite").write_bytes(data)
    old, _ = program_of(mg.load(folder / "old.tflite"))
    assert old is not None
    splits = apart(chains(old.model), Random(seed))
    foreseen = split_program(old, splits)
    assert foreseen is not None
    (folder / "new.tflite").write_bytes(split_file("x", data, old.model, splits))
    new, _ = program_of(mg.load(folder / "new.tflite"))
    assert new is not None
    assert footprint(foreseen.program) == footprint(new)
    assert {p: n.op for p, n in foreseen.program.nodes.items()} == {
        p: n.op for p, n in new.nodes.items()
    }


# What neither runtime runs, or not in a second.
LEFT_OUT = re.compile("coral_|deeplab|224|huge|precompiled|wiki40b")
REAL = [path for path in sorted(SHARED.glob("*.tflite")) if not LEFT_OUT.search(path.name)]


def splits_of(path: Path) -> tuple[mg.Graph, bytes | None]:
    """A model, and its file with chains in slices; None: it has none."""
    graph = mg.load(path)
    model = graph.source.file
    found = chains(model) if isinstance(model, TfliteModel) else ()
    if not found or not isinstance(model, TfliteModel):
        return graph, None
    splits = apart(found, Random(path.stem))
    return graph, split_file(str(path), path.read_bytes(), model, splits)


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.tflite")), ids=lambda path: path.stem)
def test_fixtures(path: Path) -> None:
    _, made = splits_of(path)
    if made is None:
        pytest.skip("it has no chain")
    assert tflm_outputs(made) == tflm_outputs(path.read_bytes())


@pytest.mark.slow
@pytest.mark.oracle("tflite_micro")
@pytest.mark.skipif(not REAL, reason="the shared models are not here")
def test_real_files(tmp_path: Path) -> None:
    compared = 0
    for path in REAL:
        try:
            graph, made = splits_of(path)
        except mg.McuGraphError:
            continue
        if made is None or (before := run("tflm", str(path), graph)).failure is not None:
            continue
        (tmp_path / "new.tflite").write_bytes(made)
        after = run("tflm", str(tmp_path / "new.tflite"), graph)
        assert (after.failure, after.digests) == (None, before.digests), path.name
        compared += 1
    assert compared >= 10
