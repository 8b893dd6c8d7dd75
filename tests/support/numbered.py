"""Scheduling problems whose operators are numbered, and make one tensor each."""

from collections.abc import Sequence

from mcugraph.scheduling.problem import Problem


def numbered(
    sizes: Sequence[int],
    inputs: Sequence[tuple[int, ...]],
    outputs: Sequence[int],
    scratch: Sequence[int] = (),
) -> Problem:
    """Operator i makes tensor i + 1; tensor 0 is there from the start.

    Args:
        sizes: Of the tensors, in bytes.
        inputs: What each operator reads.
        outputs: Those of the graph.
        scratch: Bytes that each operator takes besides; none, where nothing is said.
    """
    return Problem(
        tensors=tuple(range(len(sizes))),
        sizes=tuple(sizes),
        operators=tuple(range(len(inputs))),
        inputs=tuple(inputs),
        outputs=tuple((i + 1,) for i in range(len(inputs))),
        graph_inputs=(0,),
        graph_outputs=tuple(outputs),
        scratch=tuple(scratch),
    )
