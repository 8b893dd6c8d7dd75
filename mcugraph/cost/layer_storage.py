"""How the weights of a layer can be stored, in bytes."""

from mcugraph.records import dataclass

IN_FILE = "file"  # how weights are stored that a file holds in a sparse form of its own


@dataclass(frozen=True, slots=True)
class LayerStorage:
    """The weights of one layer; None: not known, or the form cannot hold them.

    Attributes:
        operator: The first operator that reads them.
        kind: What it is.
        rows, columns: Of their matrix: output channels, and what each is made of.
        bits: Of a weight.
        nonzero: Weights that are not zero.
        dense, crs, n_of_m, bitmap, blocks: Bytes in each form, of N of M and of blocks in the best
            of some patterns.
        pattern, block: Which these are, like ``"2:4"`` and ``"1x4"``.
        cheapest: The form of the fewest bytes that ``deploy`` has a kernel for; ``"file"``: the
            file has them in a form of its own, as which they are counted.
        bytes: What that takes.
    """

    operator: str
    kind: str
    rows: int
    columns: int
    bits: int
    nonzero: int | None
    dense: int
    crs: int | None
    n_of_m: int | None
    bitmap: int | None
    blocks: int | None
    pattern: str | None
    block: str | None
    cheapest: str
    bytes: int
