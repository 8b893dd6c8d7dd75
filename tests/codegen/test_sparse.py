"""Layers whose weights hold many zeros: every form of storage computes what dense weights do."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from measured.made_sparse import made_sparse
from support.deployed import (
    as_bytes,
    compiled_all_ways,
    needs_compiler,
    outputs,
    random_inputs,
)
from support.float_operators import as_float
from support.int8_layers import convolution, fully_connected
from support.microcontrollers import needs_qemu, on_host

import mcugraph as mg
from mcugraph.codegen.building import build
from mcugraph.codegen.c_program import Program
from mcugraph.codegen.elf import read_elf
from mcugraph.storage import BLOCKS, PATTERNS, Blocks, NofM

SHARES = (1.0, 0.9)
KINDS = (Blocks(4, 2), Blocks(2, 16))
OF_PATTERNS = {NofM: ("nofm",), Blocks: ("blocks",)}
MAKERS: dict[str, tuple[Callable[[int], bytes], Sequence[NofM]]] = {
    "conv_s8": (convolution, PATTERNS),
    "fully_connected_s8": (partial(fully_connected, most=300), PATTERNS),
    "conv_s16": (partial(convolution, dtype="int16"), PATTERNS[1:3]),
    "fully_connected_s16": (partial(fully_connected, most=300, dtype="int16"), PATTERNS[1:3]),
    "conv_f32": (lambda seed: as_float(convolution(seed), seed), PATTERNS[1:3]),
    "fully_connected_f32": (
        lambda seed: as_float(fully_connected(seed, most=300), seed),
        PATTERNS[1:3],
    ),
    "conv_w8": (lambda seed: small(convolution(seed), seed), PATTERNS[1:2]),
    "fully_connected_w8": (lambda seed: small(fully_connected(seed, most=300), seed), ()),
}


def small(model: bytes, seed: int) -> bytes:
    """Its data floats, its weights as they are."""
    pytest.importorskip("ai_edge_litert")
    from support.small_weights import with_floats

    return with_floats(model, seed, "stored")


@needs_compiler
@pytest.mark.parametrize("name", MAKERS)
def test_outputs_are_those_of_dense_weights(name: str, tmp_path: Path) -> None:
    """Bit for bit, under the sanitizers, over the inputs as far as leads allow."""
    maker, patterns = MAKERS[name]
    programs, cases = list[Program](), list[list[int]]()
    for seed, kind in enumerate((*SHARES, *patterns, *KINDS)):
        path = tmp_path / "model.tflite"
        path.write_bytes(made_sparse(maker(seed), [kind], seed))
        forms = ("dense", *OF_PATTERNS.get(type(kind), ("crs", "bitmap", "blocks")))
        cases.append([len(programs) + i for i in range(len(forms))])
        programs += [build(mg.load(path), "tflm", 2.0, storage=form) for form in forms]
    # Of short rows another pattern may be the cheapest.
    found = {form_of(program) for program in programs}
    assert {"dense", "crs", "bitmap"} < found
    assert len(found) >= 3 + len(patterns) * 3 // 4 + len(KINDS)
    hosts = compiled_all_ways(programs, tmp_path)
    for dense, *others in cases:
        given = as_bytes(random_inputs(programs[dense], 3, dense))
        for host in hosts.values():
            wanted = outputs(host, given, dense)
            for i in others:
                assert outputs(host, given, i) == wanted, form_of(programs[i])


def form_of(program: Program) -> str:
    """How the weights of its one operator are stored."""
    call = program.steps[0].call
    assert call is not None
    return "dense" if call.stored is None else call.stored.form


NETWORKS = ("ds_cnn_int8", "resnet_int8", "resnet_float", "autoencoder_int8")
TURNS = (0.95, NofM(2, 4), Blocks(2, 4), 0.6, 0.1)


def sparse_network(name: str, models: Path, folder: Path) -> Path:
    path = folder / f"{name}.tflite"
    path.write_bytes(made_sparse((models / f"{name}.tflite").read_bytes(), TURNS))
    return path


@needs_qemu
@pytest.mark.parametrize("storage", ["cheapest", "dense", "crs"])
@pytest.mark.parametrize("name", NETWORKS)
def test_flash_is_what_was_predicted(name: str, storage: str, models: Path, tmp_path: Path) -> None:
    """By the linked program: every table, to the byte."""
    path = sparse_network(name, models, tmp_path)
    project = mg.deploy(path, tmp_path / "out", storage=storage)
    project.build()
    found = dict.fromkeys(project.tables, 0)
    for name, size in read_elf(tmp_path / "out" / "model.elf").constants.items():
        role = name.rpartition("_")[2]
        if role in found:
            found[role] += size
    assert found == project.tables
    stored = project.report["storage"]
    roles = ("weights", "columns", "counts", "bits", "places")
    assert sum(each["bytes"] for each in stored) == sum(found.get(role, 0) for role in roles)
    if storage == "cheapest":
        assert all(each["bytes"] <= each["dense"] for each in stored)
        forms = {each["form"] for each in stored}
        assert len(forms - {"dense"}) > 2
        assert forms & {form.label for form in BLOCKS}


@needs_qemu
@pytest.mark.parametrize("core", ["cortex-m4", pytest.param("cortex-m0", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", NETWORKS[:3])
def test_microcontrollers_compute_what_the_host_does_of_dense_weights(
    name: str, core: str, models: Path, tmp_path: Path
) -> None:
    path = sparse_network(name, models, tmp_path)
    machine = "mps2-an385" if core == "cortex-m0" else None
    dense = mg.deploy(path, tmp_path / "dense", storage="dense")
    sparse = mg.deploy(path, tmp_path / "sparse", target=core, machine=machine)
    (given,) = dense.report["inputs"]
    random = np.random.default_rng(0)
    count = given["bytes"] // (4 if given["dtype"] == "float32" else 1)
    inputs = (
        random.normal(size=count).astype(np.float32).tobytes()
        if given["dtype"] == "float32"
        else random.bytes(count)
    )
    assert sparse.run(inputs).outputs == on_host(dense, inputs)
