"""Planning of models, of plain problems and of blocks, under one name."""

from collections.abc import Sequence
from os import PathLike, fsdecode

from mcugraph.checks import check_whole
from mcugraph.errors import UsageError
from mcugraph.ir import Graph
from mcugraph.planning.arena import ArenaProblem, Plan
from mcugraph.planning.blocks_json import holds_blocks
from mcugraph.planning.order_blocks import arena_problem
from mcugraph.planning.stages import METHODS, best_order, plan_blocks, plan_order
from mcugraph.records import replace
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.scheduling.entry import given_problem
from mcugraph.scheduling.problem import Name, Problem
from mcugraph.scheduling.runtime import Runtime, find_runtime
from mcugraph.scheduling.solving.limits import Limits, Progress


def plan(
    graph_or_problem: Graph | Problem | ArenaProblem | str | PathLike[str],
    order: Sequence[Name] | None = None,
    alignment: int = 16,
    time_limit: float | None = None,
    method: str = "auto",
    progress: Progress | None = None,
    runtime: str | Runtime = "tflm",
    accounting: str = "deployed",
    precision: str | None = None,
) -> Plan:
    """Place all tensors in one arena, as small as possible.

    A tensor is live from the start of its producer to the end of its last reader; tensors that
    are live together do not overlap. Scratch memory is placed as well, outputs take over their
    inputs where the problem has in-place pairs and lie over them where it has overlaps, and blocks
    of an ``ArenaProblem`` may have fixed offsets.

    Args:
        graph_or_problem: A model, counted as ``profile`` counts it; a scheduling problem;
            blocks with their lifetimes; or the path of one of them, a problem as ``.json``, blocks
            as ``.json`` or ``.csv``. A model's kernel scratch is not counted; where an
            operator calls subgraphs, the largest arena of any of them is scratch of the caller.
        order: Operator names, in the order in which they run. None: the order with the least
            peak; if that does not pack into its peak, other orders with the same peak are tried.
        alignment: Bytes; offsets are multiples of it and sizes are rounded up to it. Blocks
            have an alignment of their own.
        time_limit: Seconds for scheduling and planning together; the best plan till then is
            returned. None: a first plan, which takes longer the more there is to place, and what a
            fixed amount of work, about a minute at the most, makes of it; the same on every
            machine.
        method: ``"auto"``: greedy starts, then exact search. ``"tflm"``: the greedy planner of
            TensorFlow Lite Micro. ``"first_fit"``: the lowest free offset in execution order
            (Deutel et al., "Energy-efficient Deployment of Deep Learning Applications on
            Cortex-M based Microcontrollers using Deep Compression"). ``"greedy_by_size"``: the
            largest tensor first at the lowest free offset (Pisarchyk and Lee, "Efficient Memory
            Management for Deep Neural Net Inference").
        progress: Called with seconds, proven lower bound and best arena, in bytes, when one of
            them changes, and about twice a second from the first arena on.
        runtime: Of a model: how the device executes it, a name or a ``Runtime``.
        accounting: Of a model: ``"deployed"`` or ``"paper"``, as for ``profile``.
        precision: Of a model: None or ``"int8"``, as for ``profile``.

    Returns:
        The plan. ``optimal`` says whether ``lower_bound`` proves it the smallest for its order.

    Raises:
        FormatError: The file cannot be read.
        GraphError: The problem or the order contradicts itself.
        InternalError: The result failed its own check.
        UsageError: Unknown method, runtime, accounting or precision, or an order for blocks that
            have their lifetimes already.
    """
    if method not in METHODS:
        raise UsageError(f"unknown method {method!r}; expected one of {', '.join(METHODS)}")
    check_whole("alignment", alignment, 1)
    if order is not None and not isinstance(order, Sequence):
        raise UsageError(f"order: a sequence of operator names is needed, not {order!r}")
    problem = _given(graph_or_problem)
    if isinstance(problem, Graph):
        runs = counted_forms(problem, accounting, precision).runs
        problem = Problem.with_bodies(
            runs,
            find_runtime(runtime),
            lambda body: plan(body, alignment=alignment, time_limit=time_limit).arena,
        )
    limits = Limits(time_limit, None, progress)
    if isinstance(problem, ArenaProblem):
        if order is not None:
            raise UsageError("blocks have their lifetimes already: an order says nothing of them")
        return plan_blocks(problem, method, limits)
    return plan_problem(problem, order, alignment, method, limits)


def _given(given: object) -> Graph | Problem | ArenaProblem:
    """What the caller means by it."""
    if isinstance(given, ArenaProblem):
        return given
    blocks = blocks_of_file(fsdecode(given)) if isinstance(given, str | PathLike) else None
    return blocks or given_problem(given, "plan", "a Problem or an ArenaProblem")


def blocks_of_file(path: str, alignment: int | None = None) -> ArenaProblem | None:
    """The blocks in a file; None: it is no file of blocks.

    Args:
        path: The file: blocks as ``.csv`` or ``.json``, or anything else.
        alignment: Bytes of which offsets are multiples; None: what the file says, else 1.

    Raises:
        FormatError: The file cannot be read, or is not of its form.
        GraphError: It contradicts itself.
    """
    if path.lower().endswith(".csv"):
        from mcugraph.planning.minimalloc import read_csv

        return read_csv(path, alignment or 1)
    if path.lower().endswith(".json") and holds_blocks(path):
        problem = ArenaProblem.from_json(path)
        return problem if alignment is None else replace(problem, alignment=alignment)
    return None


def plan_problem(
    problem: Problem,
    order: Sequence[Name] | None,
    alignment: int,
    method: str,
    limits: Limits,
) -> Plan:
    """The plan of a scheduling problem: in an order, or in one with the least peak.

    Raises:
        GraphError: The problem or the order contradicts itself.
    """
    problem.verify()
    if order is None:
        best = best_order(problem, alignment, limits)
        if method == "auto":
            return plan_order(problem, best.order, alignment, limits, best.stopped)
        order = best.order
    return plan_blocks(arena_problem(problem, order, alignment), method, limits, order)
