"""Layers of int8 whose weights are mostly zero: only the others are stored, row by row.

That is chosen where it takes fewer bytes of flash: each weight that is not zero takes one more for
its place in the row, or two in rows of more than 256, and each row two for their number.
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import constant
from mcugraph.codegen.kernels.conv_s8 import ConvS8
from mcugraph.codegen.kernels.fully_connected_s8 import FullyConnectedS8
from mcugraph.ir import Array
from mcugraph.tflm.kernels.access.raster import straight
from mcugraph.tflm.kernels.needs import KernelNode

_WIDE = (1 << 16) - 1
_NARROW = 256  # elements of a row, up to which a column fits into a byte


class SparseFullyConnectedS8(FullyConnectedS8):
    """``mg_sparse_fully_connected_s8``."""

    files = ("mg_sparse_fully_connected_s8",)
    headers = ("mg_fully_connected_s8", "mg_sparse")

    def refusal(self, node: KernelNode) -> str | None:
        return super().refusal(node) or _refused_density(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        return _sparse(node, super().call(node, rounding))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        units, depth = node.input(1).shape
        rows = node.input(0).elements // depth
        # A row is read for each of its units, the last time when all others are written.
        return {0: straight(rows, units, depth) + units - 1}


class SparseConvS8(ConvS8):
    """``mg_sparse_conv_s8``."""

    files = ("mg_sparse_conv_s8",)
    headers = ("mg_conv_s8", "mg_sparse")

    def refusal(self, node: KernelNode) -> str | None:
        return super().refusal(node) or _refused_density(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        return _sparse(node, super().call(node, rounding))


def _refused_density(node: KernelNode) -> str | None:
    rows = _rows(node)
    if rows.shape[1] > _WIDE:
        return f"its rows have {rows.shape[1]} weights"
    size = sum(table.nbytes for table in _tables(rows).values() if table is not None)
    return None if size < rows.size else "too few of its weights are zero"


def _rows(node: KernelNode) -> Array:
    """Weights, a row an output channel."""
    weights = constant(node.input(1))
    return weights.reshape(len(weights), -1)


def _tables(rows: Array) -> dict[str, FlashTable | None]:
    """The fields of ``mg_sparse``."""
    places = np.nonzero(rows)
    narrow = rows.shape[1] <= _NARROW
    columns = FlashTable(places[1].astype(np.uint8 if narrow else np.uint16), "columns")
    return {
        "values": FlashTable(rows[places], "weights"),
        "narrow_columns": columns if narrow else None,
        "wide_columns": None if narrow else columns,
        "counts": FlashTable(np.count_nonzero(rows, axis=1).astype(np.uint16), "counts"),
    }


def _sparse(node: KernelNode, dense: KernelCall) -> KernelCall:
    """The call with the weights of a dense one stored in the other way."""
    assert dense.parameters is not None
    layer = Parameters(dense.parameters.type, {**dense.parameters.fields, "weights": None})
    weights = Parameters("mg_sparse", dict[str, Field](_tables(_rows(node))))
    function = dense.function.replace("mg_", "mg_sparse_", 1)
    fields: dict[str, Field] = {"layer": layer, "weights": weights}
    return KernelCall(
        function, Parameters(f"{function}_params", fields), dense.reads, scratch=dense.scratch
    )
