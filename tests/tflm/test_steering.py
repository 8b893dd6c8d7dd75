"""Convolutions of one by one that run by another kernel: which, at what cost, in what file."""

from itertools import chain, combinations
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.formats.tflite.rebuilding import rebuilt
from mcugraph.tflm.loaded import TflmProgram, program_of
from mcugraph.tflm.own_plan import overlap_plan
from mcugraph.tflm.steering import least_steering, steerable, steered, steering_recipe


def program(path: Path, kernels: str = "cmsis-nn") -> TflmProgram:
    found, _ = program_of(mg.load(path), kernels=kernels)
    assert found is not None
    return found


def cost(made: TflmProgram) -> int:
    return overlap_plan(made, 1.0)[1].arena


@pytest.mark.parametrize("name", ["ds_cnn_int8", "mobilenet_v2_int8"])
def test_only_this_library_is_steered(models: Path, name: str) -> None:
    path = models / f"{name}.tflite"
    assert not steerable(program(path, "reference"))
    found = program(path)
    for i, macs in steerable(found).items():
        node = found.nodes[0, i]
        assert node.native == "CONV_2D"
        assert node.input(1).shape[1:3] == (1, 1)
        assert macs == node.outputs[0].elements * node.input(0).shape[3] > 0


def test_the_scratch_of_the_general_kernel_is_counted(models: Path) -> None:
    """Two windows of 16 bits an element, four of 8 where the core has vectors: 4 B a channel."""
    found = program(models / "ds_cnn_int8.tflite")
    i = next(iter(steerable(found)))
    assert not found.needs[0, i].scratch
    channels = found.nodes[0, i].input(0).shape[3]
    assert steered(found, [i]).needs[0, i].scratch == (4 * channels,)


@pytest.mark.parametrize("most", [1.0, 0.05, 0.01, 0.0])
def test_the_fewest_that_cost_least(models: Path, most: float) -> None:
    found, macs = program(models / "ds_cnn_int8.tflite"), 1_000_000
    work = steerable(found)
    steering = least_steering(found, macs, most, cost)
    assert steering.slower <= most

    def slower(chosen: tuple[int, ...]) -> float:
        return 0.36 * sum(work[i] for i in chosen) / (3.1 * macs)

    every = chain.from_iterable(combinations(work, r) for r in range(len(work) + 1))
    least = min(cost(steered(found, c)) for c in every if slower(c) <= most)
    assert cost(steered(found, steering.operators)) == least
    for i in steering.operators:
        fewer = [j for j in steering.operators if j != i]
        assert cost(steered(found, fewer)) > least


@pytest.mark.oracle("tflite_micro")
def test_reference_kernels_compute_the_same(models: Path, tmp_path: Path) -> None:
    """A dilation means nothing for a window of one."""
    from mcugraph.optimizer.verification import compare

    path, out = models / "ds_cnn_int8.tflite", tmp_path / "out.tflite"
    graph, found = mg.load(path), program(path)
    chosen = tuple(steerable(found))
    model = graph.source.file
    assert isinstance(model, TfliteModel)
    out.write_bytes(rebuilt(str(path), path.read_bytes(), model, steering_recipe(found, chosen)))
    again = program(out)
    assert not steerable(again)
    assert [again.needs[0, i].scratch for i in chosen] == [
        steered(found, chosen).needs[0, i].scratch for i in chosen
    ]
    assert compare(str(path), str(out), graph)[0] == "TensorFlow Lite Micro"
