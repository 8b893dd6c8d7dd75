"""The gate through which plans leave: each is checked before it is returned."""

from collections.abc import Sequence

from mcugraph.errors import GraphError, InternalError
from mcugraph.planning.arena import ArenaProblem, Plan
from mcugraph.planning.plan_checker import check_plan
from mcugraph.scheduling.problem import Name


def checked_plan(
    problem: ArenaProblem,
    offsets: Sequence[int],
    lower_bound: int,
    *,
    method: str = "auto",
    order: Sequence[Name] = (),
    elapsed: float = 0.0,
    stopped: str = "",
    peak: int | None = None,
) -> Plan:
    """The plan that gives each block of a problem its offset, in bytes.

    Its ``peak`` is the bound of the problem, in bytes; None: that is found out here.

    Raises:
        InternalError: The offsets are no plan, or contradict the bound.
    """
    ends = [
        offset + problem.aligned(block.size)
        for block, offset in zip(problem.blocks, offsets, strict=True)
        if block.size
    ]
    plan = Plan(
        tuple(b.at(o) for b, o in zip(problem.blocks, offsets, strict=True)),
        max(ends, default=0),
        lower_bound,
        problem.bound if peak is None else peak,
        problem.alignment,
        method,
        tuple(order),
        elapsed,
        stopped,
    )
    try:
        check_plan(problem, plan)
    except GraphError as error:
        raise InternalError(f"a plan of {len(offsets)} blocks is none: {error}") from None
    if plan.arena < lower_bound:
        raise InternalError(
            f"a plan of {len(offsets)} blocks takes {plan.arena} bytes, "
            f"and at least {lower_bound} were said to be needed"
        )
    return plan
