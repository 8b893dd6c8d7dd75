"""Planners of other people, to compare with: offsets in bytes, one a block."""

from collections.abc import Callable, Sequence
from time import monotonic

from mcugraph.planning.arena import ArenaProblem, Plan, placed
from mcugraph.planning.items import Items, items_of
from mcugraph.planning.placing import by_size, by_time, first_fit
from mcugraph.planning.tflm_greedy import UNPLANNED, Buffer, place
from mcugraph.scheduling.problem import Name


def tflm(problem: ArenaProblem) -> list[int]:
    """What TensorFlow Lite Micro's greedy planner does; in-place pairs mean nothing to it."""
    buffers = [
        Buffer(
            problem.aligned(block.size),
            block.lower,
            block.upper - 1,
            UNPLANNED if block.offset is None else block.offset,
        )
        for block in problem.blocks
    ]
    return list(place(buffers).offsets)


def first_fit_in_time(problem: ArenaProblem) -> list[int]:
    """The lowest free offset for each block, as they come to be needed."""
    return _by(problem, by_time)


def greedy_by_size(problem: ArenaProblem) -> list[int]:
    """The lowest free offset for each block, the largest first."""
    return _by(problem, by_size)


def _by(problem: ArenaProblem, sequence: Callable[[Items], Sequence[int]]) -> list[int]:
    items = items_of(problem)
    offsets = [0] * len(problem.blocks)
    found = first_fit(items, sequence(items))
    for chain, offset in zip(items.members, found, strict=True):
        for number in chain:
            offsets[number] = offset * items.unit
    return offsets


NAMED: dict[str, Callable[[ArenaProblem], list[int]]] = {
    "tflm": tflm,
    "first_fit": first_fit_in_time,
    "greedy_by_size": greedy_by_size,
}


def named(problem: ArenaProblem, method: str, order: Sequence[Name] = ()) -> Plan:
    """The plan that a method of ``NAMED`` makes.

    Raises:
        GraphError: The problem contradicts itself.
    """
    began = monotonic()
    problem.verify()
    offsets = NAMED[method](problem)
    ends = [
        offset + problem.aligned(block.size)
        for offset, block in zip(offsets, problem.blocks, strict=True)
    ]
    return Plan(
        placed(problem, offsets),
        max(ends, default=0),
        problem.bound,
        problem.bound,
        problem.alignment,
        method,
        tuple(order),
        monotonic() - began,
    )
