"""Work: multiply-accumulates and elementwise operations."""

from mcugraph.errors import GraphError
from mcugraph.ir import Dim, Graph, Operator
from mcugraph.ops.control import Control
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.pooling import GlobalPool, Pool
from mcugraph.ops.reduction import Reduce
from mcugraph.records import dataclass
from mcugraph.units import MOST


@dataclass(frozen=True, slots=True)
class Work:
    """What one inference computes; ``unknown``: operators without a rule, which count nothing."""

    macs: int
    elementwise: int
    unknown: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


def work_of(graph: Graph, pools_and_sums: bool = False) -> tuple[Work, ...]:
    """The work of each operator of a graph, the bodies that it calls included.

    Args:
        graph: The graph, as it is to be counted.
        pools_and_sums: Pooling and additions are counted as MACs too, as in "Differentiable
            Network Pruning for Microcontrollers"; else linear algebra only.

    Returns:
        One entry an operator, in file order.
    """
    memo: dict[str, Work] = {}
    return tuple(
        _operator(graph, operator, graph, pools_and_sums, memo) for operator in graph.operators
    )


def total(parts: tuple[Work, ...]) -> Work:
    """The sum of the work of several operators."""
    return Work(
        macs=sum(part.macs for part in parts),
        elementwise=sum(part.elementwise for part in parts),
        unknown=tuple(dict.fromkeys(name for part in parts for name in part.unknown)),
        assumptions=tuple(dict.fromkeys(text for part in parts for text in part.assumptions)),
    )


def _operator(
    graph: Graph, operator: Operator, root: Graph, pools_and_sums: bool, memo: dict[str, Work]
) -> Work:
    op = operator.op
    if isinstance(op, Control):
        return _control(operator, op, root, pools_and_sums, memo)
    signature = graph.signature(operator)
    try:
        macs = None if signature is None else op.macs(signature)
        elementwise = None if signature is None else op.elementwise(signature)
    except (IndexError, ValueError, TypeError, ZeroDivisionError) as error:
        where = f"{root.source.path or root.name}: operator {operator.name!r} ({operator.native})"
        raise GraphError(f"{where}: its shapes do not fit together ({error})") from error
    _check_count(root, operator, macs, elementwise)
    if macs is None or elementwise is None:
        return Work(macs or 0, elementwise or 0, unknown=(f"{operator.native} ({operator.name})",))
    if pools_and_sums and is_pool_or_sum(op):
        return Work(macs + elementwise, elementwise)
    return Work(macs, elementwise)


def _check_count(root: Graph, operator: Operator, *counts: Dim | None) -> None:
    for count in counts:
        if isinstance(count, int) and count > MOST:
            raise GraphError(
                f"{root.source.path or root.name}: operator {operator.name!r} ({operator.native}) "
                f"computes more than {MOST:,} operations: the file is damaged"
            )


def is_pool_or_sum(op: object) -> bool:
    """Whether an operator is one of those whose elementwise operations can count as MACs."""
    if isinstance(op, Elementwise):
        return op.function == "add"
    return isinstance(op, Pool | GlobalPool) or (isinstance(op, Reduce) and op.function == "mean")


def _control(
    operator: Operator, op: Control, root: Graph, pools_and_sums: bool, memo: dict[str, Work]
) -> Work:
    bodies = []
    for name in op.bodies:
        if name not in memo:
            body = root.subgraphs[name]
            memo[name] = total(
                tuple(
                    _operator(body, inner, root, pools_and_sums, memo) for inner in body.operators
                )
            )
        bodies.append(memo[name])
    together = total(tuple(bodies))
    said = together.assumptions
    if op.assumption is not None:
        said += (f"{operator.native} ({operator.name}) {op.assumption}",)
    macs = op.combine([body.macs for body in bodies])
    elementwise = op.combine([body.elementwise for body in bodies])
    _check_count(root, operator, macs, elementwise)
    return Work(
        macs,
        elementwise,
        together.unknown,
        said,
    )
