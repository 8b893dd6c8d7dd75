"""Files whose chains are computed in slabs of rows: TFLM makes the same of them, bit for bit."""

import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.row_networks import row_networks
from support.running import litert_outputs, tflm_outputs

import mcugraph as mg
from mcugraph.formats.tflite.tables import read_model
from mcugraph.optimizer.verification import run
from mcugraph.tflm.footprint import footprint
from mcugraph.tflm.loaded import TflmProgram, program_of
from mcugraph.tflm.splits.row_chains import row_chains
from mcugraph.tflm.splits.split_chains import MOST_SLICES, chains
from mcugraph.tflm.splits.split_file import split_file
from mcugraph.tflm.splits.split_program import split_program
from mcugraph.tflm.splits.split_recipe import Split

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "models"
SHARED = Path(__file__).resolve().parents[4] / "shared" / "models" / "tflite"


def loaded(data: bytes, folder: Path) -> tuple[TflmProgram, mg.Profile]:
    path = folder / "network.tflite"
    path.write_bytes(data)
    program, problems = program_of(mg.load(path))
    assert program is not None, problems
    return program, mg.profile(path)


def picked(program: TflmProgram, random: Random) -> list[Split]:
    """Chains that share no operator, most of them in slabs of rows."""
    splits: list[Split] = []
    taken = set[int]()
    slabs = [chain for chain in row_chains(program) if chain.extra_macs(2) is not None]
    random.shuffle(slabs)
    for chain in (*slabs, *chains(program.model)):
        if taken.isdisjoint(chain.operators):
            count = random.randint(2, min(chain.units, MOST_SLICES))
            if chain.along == "rows" and chain.extra_macs(count) is None:
                count = 2
            taken.update(chain.operators)
            splits.append((chain, count))
    return splits


@pytest.mark.oracle("tflite_micro")
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=row_networks(), seed=st.integers(0, 1 << 30))
def test_random_networks(tmp_path_factory: pytest.TempPathFactory, data: bytes, seed: int) -> None:
    program, _ = loaded(data, tmp_path_factory.mktemp("slabs"))
    splits = picked(program, Random(seed))
    assume(splits)
    made = split_file("x", data, program.model, splits)
    assert tflm_outputs(made) == tflm_outputs(data)


@pytest.mark.oracle("ai_edge_litert")
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=row_networks(biased=True), seed=st.integers(0, 1 << 30))
def test_random_networks_on_litert(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, seed: int
) -> None:
    program, _ = loaded(data, tmp_path_factory.mktemp("slabs"))
    splits = picked(program, Random(seed))
    assume(splits)
    made = split_file("x", data, program.model, splits)
    assert litert_outputs(made) == litert_outputs(data)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=row_networks(), seed=st.integers(0, 1 << 30))
def test_the_twin_foresees_the_file(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("slabs")
    old, before = loaded(data, folder)
    splits = picked(old, Random(seed))
    assume(splits)
    foreseen = split_program(old, splits)
    assert foreseen is not None
    new, after = loaded(split_file("x", data, old.model, splits), folder)
    assert footprint(foreseen.program) == footprint(new)
    assert {p: n.op for p, n in foreseen.program.nodes.items()} == {
        p: n.op for p, n in new.nodes.items()
    }
    extra = [chain.extra_macs(count) for chain, count in splits if chain.along == "rows"]
    assert after.macs - before.macs == sum(filter(None, extra))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=row_networks(), seed=st.integers(0, 1 << 30))
def test_weights_are_stored_once(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, seed: int
) -> None:
    program, _ = loaded(data, tmp_path_factory.mktemp("slabs"))
    splits = [split for split in picked(program, Random(seed)) if split[0].along == "rows"]
    assume(splits)
    made = read_model(split_file("x", data, program.model, splits)).subgraphs[0]
    main, known = program.model.subgraphs[0], set()
    known = {bytes(tensor.data) for tensor in main.tensors if tensor.data is not None}
    for operator in made.operators:
        for number in operator.inputs:
            tensor = made.tensors[number]
            if number >= 0 and tensor.data is not None and bytes(tensor.data) not in known:
                assert tensor.dtype.label == "int32"
                assert tensor.elements in (4, 8)
    assert len({tensor.name for tensor in made.tensors}) == len(made.tensors)


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.tflite")), ids=lambda path: path.stem)
def test_fixtures(path: Path) -> None:
    program, _ = program_of(mg.load(path))
    splits = [] if program is None else picked(program, Random(path.stem))
    if program is None or not any(chain.along == "rows" for chain, _ in splits):
        pytest.skip("it has no chain of rows")
    made = split_file(str(path), path.read_bytes(), program.model, splits)
    assert tflm_outputs(made) == tflm_outputs(path.read_bytes())


# What neither runtime runs, or not in a second.
LEFT_OUT = re.compile("coral_|deeplab|224|huge|precompiled|wiki40b|mcunetv2_large")
REAL = [path for path in sorted(SHARED.glob("*.tflite")) if not LEFT_OUT.search(path.name)]


@pytest.mark.slow
@pytest.mark.oracle("tflite_micro")
@pytest.mark.skipif(not REAL, reason="the shared models are not here")
def test_real_files(tmp_path: Path) -> None:
    compared = 0
    for path in REAL:
        try:
            graph = mg.load(path)
            program, _ = program_of(graph)
        except mg.McuGraphError:
            continue
        splits = [] if program is None else picked(program, Random(path.stem))
        if program is None or not any(chain.along == "rows" for chain, _ in splits):
            continue
        before = run("tflm", str(path), graph)
        if before.failure is not None:
            continue
        new = tmp_path / "new.tflite"
        new.write_bytes(split_file(str(path), path.read_bytes(), program.model, splits))
        after = run("tflm", str(new), graph)
        assert (after.failure, after.digests) == (None, before.digests), path.name
        compared += 1
    assert compared >= 8
