"""Layers whose weights hold many zeros, or have four bits: stored in the fewest bytes of flash.

Results are those of the dense layer, bit for bit; where floats of the data are infinite or no
numbers, a product with a weight of zero is none here, which is no number there.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from mcugraph.codegen.c_program import (
    Field,
    FlashTable,
    KernelCall,
    Parameters,
    Switch,
    WeightStorage,
)
from mcugraph.codegen.kernels.contract import SUFFIXES, Kernel, attributes, constant
from mcugraph.codegen.kernels.conv_plain import ConvPlain
from mcugraph.codegen.kernels.conv_s8 import ConvS8
from mcugraph.codegen.kernels.fully_connected_plain import FullyConnectedPlain
from mcugraph.codegen.kernels.fully_connected_s8 import FullyConnectedS8
from mcugraph.codegen.kernels.layers import SMALL
from mcugraph.codegen.kernels.windows import lead_of_gathered
from mcugraph.errors import UsageError
from mcugraph.ir import Array, DType
from mcugraph.ops.convolution import Conv
from mcugraph.storage import (
    DENSE,
    SPARSE,
    Bitmap,
    Blocks,
    Crs,
    DenseRows,
    Form,
    NofM,
    cheapest,
)
from mcugraph.tflm.kernels.access.raster import element, straight
from mcugraph.tflm.kernels.needs import KernelNode

CHEAPEST = "cheapest"
# What can be asked for, and the forms that it allows besides dense ones.
STORAGES: Mapping[str, Sequence[Form]] = {
    CHEAPEST: [form for family in SPARSE for form in family.forms],
    DENSE.option: (),
    **{family.option: family.forms for family in SPARSE},
}
# Of a form, and the columns of a row: the function that reads it, without the type.
_READERS: Mapping[type[Form], Callable[[Any, int], str]] = {
    Crs: lambda form, columns: f"mg_crs{form.column_bits(columns)}",
    NofM: lambda form, columns: f"mg_{form.n}_of_{form.m}",
    Bitmap: lambda form, columns: "mg_bitmap",
    Blocks: lambda form, columns: f"mg_blocks{form.column_bits(columns)}",
    DenseRows: lambda form, columns: "mg_halves",
}
_NO_PLACES = ("weights", "counts")  # all tables of a form but that which tells places
# Weights of four bits, two to a byte, each row in bytes of its own.
_HALVES = DenseRows(2)


class SparseLayer(Kernel):
    """A layer whose weights may be stored otherwise than dense.

    Args:
        computes: Its type.
        storage: One of ``STORAGES``; of one form alone: it is taken even where it takes more bytes.
        small: Weights of floats are stored in 8 bits, or come in 4.

    Attributes:
        family: What its functions are called, without ``mg_sparse_`` and the type.
    """

    family: ClassVar[str]
    computes: DType

    def __init__(self, computes: DType, storage: str = CHEAPEST, small: bool = False) -> None:
        self.computes, self.small = computes, small
        self.dense, filled = self.of_type(computes, small)
        self._forms = (*((filled,) if storage == CHEAPEST else ()), *STORAGES[storage])
        suffix = SMALL if small else SUFFIXES[computes]
        self._filled, self._function = filled, f"mg_sparse_{self.family}_{suffix}"
        self._readers = {"add": suffix}
        if self.pixels > 1:
            self._readers["add_lanes"] = f"{suffix}x{self.pixels}"
        self.files = (self._function, *(f"mg_rows_{kind}" for kind in self._readers.values()))
        plain = () if computes is DType.INT8 else (f"mg_layer_{suffix}",)
        ending = ("mg_ending_s16",) if computes is DType.INT16 else ()
        dense = f"mg_{self.family}_{suffix}"
        shared = (f"mg_sparse_{self.family}_any", "mg_rows", "mg_rows_any")
        self.headers = (dense, *shared, *plain, *ending)

    @property
    def pixels(self) -> int:
        """Rows of data, or windows of pixels, that are read at once."""
        return 1

    @classmethod
    @abstractmethod
    def of_type(cls, computes: DType, small: bool) -> tuple[Kernel, DenseRows]:
        """The kernel of dense weights, and how it stores these."""

    def refusal(self, node: KernelNode) -> str | None:
        refused = self.dense.refusal(node)
        if refused is not None:
            return refused
        try:
            form, _ = self._chosen(node)
        except UsageError as error:
            return str(error)
        return "too few of its weights are zero" if form == self._filled else None

    def _chosen(self, node: KernelNode) -> tuple[Form, int]:
        """The form of the fewest bytes, and the bits of a weight in it."""
        rows = _rows(node)
        form = cheapest(rows, self._forms)
        halves = self._forms[0] == self._filled and node.input(1).dtype is DType.INT4
        if halves and _HALVES.size(rows, 4) < form.size(rows):
            return _HALVES, 4
        return form, 8 * rows.dtype.itemsize

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        dense, rows = self.dense.call(node, rounding), _rows(node)
        assert dense.parameters is not None
        form, bits = self._chosen(node)
        stored, add = _stored(form, rows, bits)
        layer = Parameters(dense.parameters.type, {**dense.parameters.fields, "weights": None})
        fields: dict[str, Field] = {
            "layer": layer,
            "weights": stored,
            **{name: Switch(f"{add}_{kind}") for name, kind in self._readers.items()},
        }
        size = sum(table.nbytes for table in stored.tables)
        return KernelCall(
            self._function,
            Parameters(f"{self._function}_params", fields),
            dense.reads,
            scratch=self.scratch(node) > 0,
            stored=WeightStorage(
                "int4" if form == _HALVES else form.label, size, self._filled.encode(rows).nbytes
            ),
        )


class SparseFullyConnected(SparseLayer):
    """``mg_sparse_fully_connected_s8``, ``_s16``, ``_f32`` and ``_w8``."""

    family = "fully_connected"

    @classmethod
    def of_type(cls, computes: DType, small: bool) -> tuple[Kernel, DenseRows]:
        if computes is DType.INT8:
            return FullyConnectedS8(), FullyConnectedS8.form
        return FullyConnectedPlain(computes, small), DenseRows()

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        units, depth = node.input(1).shape
        rows = node.input(0).elements // depth
        # A row is read for each of its units, the last time when all others are written.
        return {0: (straight(rows, units, depth) + units - 1) * element(node.input(0))}


class SparseConv(SparseLayer):
    """``mg_sparse_conv_s8``, ``_s16``, ``_f32`` and ``_w8``."""

    family = "conv"

    @classmethod
    def of_type(cls, computes: DType, small: bool) -> tuple[Kernel, DenseRows]:
        if computes is DType.INT8:
            return ConvS8(), ConvS8.form
        return ConvPlain(computes, small), DenseRows()

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return {0: lead_of_gathered(node, attributes(node, Conv), self.pixels)}

    def scratch(self, node: KernelNode) -> int:
        return self.pixels * _rows_length(node) * element(node.input(0))

    @property
    def pixels(self) -> int:
        return 4 if self.computes is DType.INT8 else 1


def _rows(node: KernelNode) -> Array:
    """Weights, a row an output channel."""
    weights = constant(node.input(1))
    return weights.reshape(len(weights), _rows_length(node))


def _rows_length(node: KernelNode) -> int:
    shape = node.input(1).shape
    return node.input(1).elements // shape[0] if shape[0] else 0


def _stored(form: Form, rows: Array, bits: int) -> tuple[Parameters, str]:
    """``mg_rows``, and the function that reads them, without the type."""
    tables = {
        name: FlashTable(values, name) if values.size else None
        for name, values in form.encode(rows, bits).tables.items()
    }
    fields: dict[str, Field] = {
        "weights": tables["weights"],
        "places": next((tables[name] for name in tables if name not in _NO_PLACES), None),
        "counts": tables.get("counts"),
        "columns": rows.shape[1],
        "block_rows": form.rows if isinstance(form, Blocks) else 1,
        "block_columns": form.columns if isinstance(form, Blocks) else 1,
    }
    return Parameters("mg_rows", fields), _READERS[type(form)](form, rows.shape[1])
