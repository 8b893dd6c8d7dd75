"""Planners of other people, to compare with: offsets in bytes, one a block."""

from collections.abc import Callable, Sequence
from time import monotonic

from mcugraph.planning.arena import ArenaProblem, Plan
from mcugraph.planning.checked import checked_plan
from mcugraph.planning.choices import Shares
from mcugraph.planning.items import Items, best_items
from mcugraph.planning.placing import by_size, by_time, first_fit
from mcugraph.planning.tflm_greedy import UNPLANNED, Buffer, place
from mcugraph.scheduling.problem import Name


def tflm(problem: ArenaProblem) -> list[int]:
    """What TensorFlow Lite Micro's greedy planner does; in-place pairs mean nothing to it."""
    found = iter(place(tflm_buffers(problem)).offsets)
    return [next(found) if block.size else block.offset or 0 for block in problem.blocks]


def tflm_buffers(problem: ArenaProblem) -> list[Buffer]:
    """The blocks that have bytes, as TFLM's planner gets them."""
    return [
        Buffer(
            problem.aligned(block.size),
            block.lower,
            block.upper - 1,
            UNPLANNED if block.offset is None else block.offset,
        )
        for block in problem.blocks
        if block.size
    ]


def first_fit_in_time(problem: ArenaProblem) -> list[int]:
    """The lowest free offset for each block, as they come to be needed."""
    return _by(problem, by_time)


def greedy_by_size(problem: ArenaProblem) -> list[int]:
    """The lowest free offset for each block, the largest first."""
    return _by(problem, by_size)


def _by(problem: ArenaProblem, sequence: Callable[[Items], Sequence[int]]) -> list[int]:
    items = best_items(problem, Shares(problem))
    return items.block_offsets(problem, first_fit(items, sequence(items)))


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
    return checked_plan(
        problem,
        offsets,
        problem.bound,
        method=method,
        order=order,
        elapsed=monotonic() - began,
    )
