"""Whether the shape that a rule makes is the one that a file declares."""

from collections.abc import Sequence

from mcugraph.errors import GraphError
from mcugraph.ir import Shape


def check_agreement(name: str, made: Shape, declared: Sequence[int | None]) -> None:
    """Hold a result against the file.

    One of the two would be counted wrongly, so neither is taken.

    Args:
        name: The tensor.
        made: What the operator's rule makes of its inputs.
        declared: What the file declares; None: a dimension that it leaves open.

    Raises:
        GraphError: They contradict each other.
    """
    agrees = len(made) == len(declared) and all(
        theirs in (None, ours) for ours, theirs in zip(made, declared, strict=True)
    )
    if not agrees:
        shown = ", ".join("?" if dim is None else str(dim) for dim in declared)
        raise GraphError(
            f"its inputs and attributes make {name!r} of shape {list(made)}, "
            f"but the file declares [{shown}]"
        )
