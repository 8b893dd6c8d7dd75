"""Which operators can be computed in slabs of rows, into which, and what that takes."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.row_networks import row_networks
from support.tflite_writer import G, Node, T, tflite_bytes

import mcugraph as mg
from mcugraph.tflm.head import Head
from mcugraph.tflm.loaded import TflmProgram, program_of
from mcugraph.tflm.splits.row_chains import RowChain, row_chains
from mcugraph.tflm.splits.split_program import split_program
from mcugraph.tflm.splits.split_search import slice_counts


def image(height: int = 8, channels: int = 2) -> T:
    return T("t", [1, height, 4, channels], scales=[0.1])


def weights(*shape: int) -> T:
    return T("w", shape, data=bytes(int(np.prod(shape))), scales=[0.1])


def conv(data: int, weight: int, out: int) -> Node:
    same = {0: ("i8", 0), 1: ("i32", 1), 2: ("i32", 1), 4: ("i32", 1), 5: ("i32", 1)}
    return Node("CONV_2D", [data, weight, -1], [out], same, "Conv2DOptions")


def program(
    folder: Path, tensors: list[T], nodes: list[Node], inputs: list[int], outputs: list[int]
) -> TflmProgram:
    path = folder / "network.tflite"
    path.write_bytes(tflite_bytes(G(tensors, nodes, inputs, outputs)))
    found, problems = program_of(mg.load(path))
    assert found is not None, problems
    return found


def operators(found: TflmProgram) -> list[tuple[int, ...]]:
    return [chain.operators for chain in row_chains(found)]


def test_all_parts_of_a_row_of_operators(tmp_path: Path) -> None:
    tensors = [image(), weights(2, 3, 3, 2), image(), image(), image()]
    nodes = [conv(0, 1, 2), Node("RELU", [2], [3]), conv(3, 1, 4)]
    found = program(tmp_path, tensors, nodes, [0], [4])
    assert operators(found) == [(0, 1), (0, 1, 2), (1, 2)]
    assert [chain.units for chain in row_chains(found)] == [8, 8, 8]


@pytest.mark.parametrize("outputs", [[4], [4, 2]])
def test_what_lies_between_is_read_once(tmp_path: Path, outputs: list[int]) -> None:
    tensors = [image(), weights(2, 3, 3, 2), image(), image(), image()]
    read_again = 2 if outputs == [4] else 3
    nodes = [conv(0, 1, 2), Node("RELU", [2], [3]), Node("ADD", [3, read_again], [4])]
    found = program(tmp_path, tensors, nodes, [0], outputs)
    assert operators(found) == ([] if read_again == 2 else [(1, 2)])


@pytest.mark.parametrize(("shape", "found"), [((1, 1, 1, 2), 1), ((2,), 1), ((1, 8, 1, 1), 0)])
def test_constants_are_the_same_in_each_row(
    tmp_path: Path, shape: tuple[int, ...], found: int
) -> None:
    tensors = [image(), weights(2, 3, 3, 2), image(), weights(*shape), image()]
    nodes = [conv(0, 1, 2), Node("MUL", [2, 3], [4])]
    assert len(operators(program(tmp_path, tensors, nodes, [0], [4]))) == found


def test_rows_and_halo(tmp_path: Path) -> None:
    """Two windows of three: a slab of four rows takes six and five, where the data goes on."""
    tensors = [image(), weights(2, 3, 3, 2), image(), image()]
    found = program(tmp_path, tensors, [conv(0, 1, 2), conv(2, 1, 3)], [0], [3])
    (chain,) = row_chains(found)
    upper, lower = chain.slabs(2)
    assert [held.rows for held in upper.held] == [(0, 6)] * 3
    assert [held.true for held in upper.held] == [(0, 6), (0, 5), (0, 4)]
    assert [held.rows for held in lower.held] == [(2, 8)] * 3
    assert (upper.kept, lower.kept, upper.cropped) == ((0, 4), (4, 8), 2)
    row = 4 * 2 * 3 * 3 * 2
    assert chain.extra_macs(2) == row * (2 * 6 + 2 * 6 - 2 * 8)
    assert chain.added(2) == 2 * (2 + 2) + 1 - 2
    with pytest.raises(mg.McuGraphError, match="8 rows cannot be cut into 9 slabs"):
        chain.slabs(9)


@pytest.mark.parametrize("overlapping", [False, True])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=row_networks(), pick=st.integers(0, 1 << 20))
def test_no_order_needs_less_than_the_least(
    tmp_path_factory: pytest.TempPathFactory, overlapping: bool, data: bytes, pick: int
) -> None:
    path = tmp_path_factory.mktemp("rows") / "network.tflite"
    path.write_bytes(data)
    of, _ = program_of(mg.load(path))
    assert of is not None
    choices = [
        (chain, count)
        for chain in row_chains(of)
        for count in slice_counts(chain)
        if chain.extra_macs(count) is not None
    ]
    assume(choices)
    chain, count = choices[pick % len(choices)]
    assert isinstance(chain, RowChain)
    made = split_program(of, [(chain, count)])
    assert made is not None
    assert chain.least(count) <= mg.schedule(Head(made.program, overlapping).problem).peak
