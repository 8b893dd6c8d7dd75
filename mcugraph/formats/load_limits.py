"""How much a file may become while it is read: small files can claim to be huge."""

from dataclasses import fields

from mcugraph.checks import check_whole
from mcugraph.errors import FormatError
from mcugraph.records import dataclass
from mcugraph.units import bounded


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """What ``mcugraph.load`` does without asking; an error names the limit that a file exceeds.

    Attributes:
        expanded: Bytes that the parts of an archive (.pt2), or the operators of an ONNX file once
            its local functions are put in their places, may take together.
        operators: How many operators a TFLite file may list, all subgraphs together, and how many
            those of an ONNX file may come to once its local functions are in their places.
        entries: How many numbers and tables the vectors of a TFLite file may list, those that
            several refer to each time; weights, scales and other bulk data do not count.
        folded: Bytes of all values together that are worked out of constants.
        trips: How often a loop of an ONNX file may run, and how many parts its sequences may have,
            all together.

    Raises:
        UsageError: A limit is no whole number, or negative.
    """

    expanded: int = 2 << 30
    operators: int = 200_000
    entries: int = 5_000_000
    folded: int = 1 << 30
    trips: int = 1_000_000

    def __post_init__(self) -> None:
        for field in fields(self):
            check_whole(f"LoadLimits.{field.name}", getattr(self, field.name), 0)

    def hold(self, name: str, what: str, found: int) -> None:
        """Hold a number that a file comes to against the limit of this name.

        Raises:
            FormatError: It is larger.
        """
        most = getattr(self, name)
        if found > most:
            raise FormatError(
                f"{what}: {bounded(found)}, and the limit is {most:,}; "
                f"mg.load(path, limits=mg.LoadLimits({name}=...)), or the option "
                f"--load-limit {name}=..., takes more"
            )


DEFAULT_LIMITS = LoadLimits()
UNLIMITED = LoadLimits(*(1 << 62 for _ in fields(LoadLimits)))
