"""Python's collector is as it was when nobody wants it to rest any more."""

import gc
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread

import pytest

import mcugraph as mg
from mcugraph.garbage import collected_seldom

MODELS = Path(__file__).resolve().parents[1] / "fixtures" / "models"


@pytest.fixture(autouse=True)
def usual() -> Iterator[tuple[int, int, int]]:
    before = gc.get_threshold()
    gc.set_threshold(701, 11, 12)
    yield (701, 11, 12)
    gc.set_threshold(*before)


def test_it_looks_seldom_within(usual: tuple[int, int, int]) -> None:
    with collected_seldom():
        assert gc.get_threshold() == (200_000, 11, 12)
        with collected_seldom():
            assert gc.get_threshold() == (200_000, 11, 12)
        assert gc.get_threshold() == (200_000, 11, 12)
    assert gc.get_threshold() == usual


@pytest.mark.parametrize("first", [0, 300_000])
def test_who_lets_it_look_less_often_or_never_is_heard(first: int) -> None:
    gc.set_threshold(first, 11, 12)
    with collected_seldom():
        assert gc.get_threshold() == (first, 11, 12)
    assert gc.get_threshold() == (first, 11, 12)


def test_who_sets_it_meanwhile_is_heard() -> None:
    with collected_seldom():
        gc.set_threshold(500, 5, 6)
    assert gc.get_threshold() == (500, 5, 6)


def test_after_an_error(usual: tuple[int, int, int], tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"no model")
    with pytest.raises(mg.FormatError):
        mg.load(damaged)
    assert gc.get_threshold() == usual


def test_threads_that_end_in_the_order_in_which_they_began(usual: tuple[int, int, int]) -> None:
    inside, first_done, found = Barrier(2), Barrier(2), []

    def first() -> None:
        with collected_seldom():
            inside.wait()
        first_done.wait()

    def second() -> None:
        with collected_seldom():
            inside.wait()
            first_done.wait()
            found.append(gc.get_threshold()[0])

    threads = [Thread(target=first), Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200_000]
    assert gc.get_threshold() == usual


@pytest.mark.parametrize("name", ["branching.onnx", "mobilenet_v2_int8.tflite"])
def test_a_profile_leaves_nothing_to_look_for(name: str) -> None:
    mg.profile(MODELS / name).to_dict()  # what is kept for ever is made now
    gc.collect()
    gc.disable()
    try:
        mg.profile(MODELS / name).to_dict()
        assert gc.collect() == 0
    finally:
        gc.enable()
