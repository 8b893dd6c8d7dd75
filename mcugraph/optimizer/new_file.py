"""What the rewriting of a file hands back, whatever its format."""

from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class NewFile:
    """A new file, and what is different in it.

    Attributes:
        data: The new file; the old one where nothing pays.
        moved: How many operators have another place.
        planned: How many tensors have an offset.
        left: What was left to the runtime, and why.
        notes: What else there is to say.
        holds_for: The kernels that the plan in it holds for; empty: it holds for all.
        mends: What is wrong with the old file was mended, so that the new one may take more.
    """

    data: bytes
    moved: int = 0
    planned: int = 0
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    holds_for: str = ""
    mends: bool = False
