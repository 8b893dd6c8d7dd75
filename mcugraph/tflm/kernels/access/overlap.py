"""What a kernel allows of the places of its input and its output, and who says so."""

from collections.abc import Callable, Mapping

from mcugraph.records import dataclass
from mcugraph.tflm.kernels.needs import KernelNode


@dataclass(frozen=True, slots=True)
class Overlap:
    """An output that may lie over an input which nobody needs afterwards.

    Attributes:
        input, output: Positions among the operator's inputs and outputs.
        lead: Bytes by which the output must begin before the input, at least: ``offset(input) -
            offset(output) >= lead``. Otherwise the two lie apart.
        in_place: Only both at the very same offset, where the kernel then leaves them alone.
    """

    input: int
    output: int
    lead: int
    in_place: bool = False


# The lead of each input that an output may lie over, by position; below 0 where the output would
# be safe even behind the beginning of the input. Raises LookupError where an input is missing.
AccessRule = Callable[[KernelNode], Mapping[int, int]]
