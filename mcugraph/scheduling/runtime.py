"""How a device executes a graph."""

from mcugraph.checks import check_whole
from mcugraph.errors import UsageError
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class Runtime:
    """A memory model, as plain fields.

    Attributes:
        name: Shown in reports.
        inplace: An operator may write its result over an operand that dies with it.
        count_inputs: The graph's inputs take SRAM (False: they lie elsewhere).
        alignment: Bytes to which offsets in the arena are rounded up.
        abi: How the compiler lays out the structs that TFLM keeps: ``"arm"`` for bare-metal Arm,
            whose enums are short, ``"int-enums"`` for other cores and ``-fno-short-enums``.
        generated: There is no interpreter: what runs is the C code that ``deploy`` writes.

    Raises:
        UsageError: The alignment is no whole number from 1 on.
    """

    name: str = "tflm"
    inplace: bool = False
    count_inputs: bool = True
    alignment: int = 16
    abi: str = "arm"
    generated: bool = False

    def __post_init__(self) -> None:
        check_whole("alignment", self.alignment, 1)


RUNTIMES = {
    "tflm": Runtime(),
    "inplace": Runtime("inplace", inplace=True),
    "inputs_elsewhere": Runtime("inputs_elsewhere", count_inputs=False),
    # As the code of the µNAS paper counts peaks.
    "munas": Runtime("munas", inplace=True, count_inputs=False),
    "deploy": Runtime("deploy", alignment=4, generated=True),
}


def find_runtime(runtime: object) -> Runtime:
    """A ``Runtime``, or the one that has a name.

    Raises:
        UsageError: There is no runtime of this name.
    """
    if isinstance(runtime, Runtime):
        return runtime
    if not isinstance(runtime, str) or runtime not in RUNTIMES:
        raise UsageError(f"unknown runtime {runtime!r}; expected one of {', '.join(RUNTIMES)}")
    return RUNTIMES[runtime]
