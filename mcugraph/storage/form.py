"""What a way to store a matrix of weights has to say."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TypeVar

from mcugraph.ir import Array, Shape
from mcugraph.late_numpy import np
from mcugraph.records import dataclass
from mcugraph.storage.bit_fields import check_width

# Counts of weights: one, or many at once.
Count = TypeVar("Count", int, float, Array)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A matrix of weights as it lies in flash.

    Attributes:
        form: How it is stored.
        shape: Rows and columns.
        dtype: Of the weights.
        bits: Of each weight.
        tables: Name -> numbers, each table an array of C.
    """

    form: "Form"
    shape: Shape
    dtype: "np.dtype[np.generic]"
    bits: int
    tables: Mapping[str, Array]

    @property
    def nbytes(self) -> int:
        """Bytes of all tables."""
        return sum(int(table.nbytes) for table in self.tables.values())

    def decode(self) -> Array:
        """The matrix."""
        return self.form.decode(self)


class Form(ABC):
    """A way to store a matrix: rows are output channels, columns what each is made of.

    What it takes is a constant for a shape, and so many bits for each weight that is not zero, or
    for each block of them that are stored together.
    """

    @property
    @abstractmethod
    def label(self) -> str:
        """Its name, as reports and options have it."""

    @abstractmethod
    def fixed(self, rows: int, columns: int, bits: int = 8) -> int:
        """Bytes that it takes whatever the weights are."""

    @abstractmethod
    def each(self, columns: int, bits: int = 8) -> int:
        """Bits that each weight that is not zero, or block, takes besides, with its place."""

    @property
    def unit(self) -> int:
        """Weights that are stored together or not at all: those of a block."""
        return 1

    def units(self, rows: int, columns: int) -> int:
        """How many weights, or blocks, a matrix has."""
        return rows * columns

    def stored(self, matrix: Array) -> int:
        """How many weights of a matrix are not zero, or how many blocks hold any that is not."""
        return int(np.count_nonzero(matrix))

    def bytes(self, rows: int, columns: int, nonzero: Count, bits: int = 8) -> Count:
        """What a matrix takes in flash, exactly, if the form can hold it.

        Args:
            rows: Output channels.
            columns: Weights of each.
            nonzero: How many of all are not zero, or how many blocks, as ``stored`` counts them; an
                array: many such matrices at once.
            bits: Of a weight: 4, 8, 16 or 32.

        Raises:
            UsageError: There are no weights of so many bits.
        """
        check_width(bits)
        return self.fixed(rows, columns, bits) - -nonzero * self.each(columns, bits) // 8

    def least(self, rows: int, columns: int, nonzero: int, bits: int = 8) -> int:
        """What it takes of so many weights other than zero if they lie as well as they can."""
        return self.bytes(rows, columns, -(-nonzero // self.unit), bits)

    def size(self, matrix: Array, bits: int | None = None) -> int:
        """What a matrix takes in flash, exactly, if the form can hold it.

        Args:
            matrix: Rows are output channels.
            bits: Of a weight; None: those of its type.
        """
        rows, columns = matrix.shape
        width = 8 * matrix.dtype.itemsize if bits is None else bits
        return self.bytes(rows, columns, self.stored(matrix), width)

    def too_wide(self, columns: int) -> str | None:
        """Why it cannot hold rows of so many weights, as the end of a sentence; None: it can."""
        return None

    def refusal(self, matrix: Array) -> str | None:
        """Why it cannot hold a matrix, as the end of a sentence; None: it can."""
        return self.too_wide(matrix.shape[1])

    def encode(self, matrix: Array, bits: int | None = None) -> Encoded:
        """The tables of a matrix.

        Args:
            matrix: Rows and columns; weights of int8, int16 or float32.
            bits: Of a weight; None: those of its type. Weights of int8 may have 4.

        Raises:
            UsageError: The form cannot hold it, or its weights do not have so many bits.
        """
        bits = check_width(8 * matrix.dtype.itemsize if bits is None else bits)
        rows, columns = matrix.shape
        tables = self.tables(matrix, bits)
        return Encoded(self, (rows, columns), matrix.dtype, bits, tables)

    @abstractmethod
    def tables(self, matrix: Array, bits: int) -> dict[str, Array]:
        """Name -> numbers of a matrix.

        Raises:
            UsageError: As `encode`.
        """

    @abstractmethod
    def decode(self, encoded: Encoded) -> Array:
        """The matrix that tables of this form are of."""
