"""Layers of int8 whose weights are mostly zero: only the others are stored, row by row.

That is chosen where it takes fewer bytes of flash.
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import constant
from mcugraph.codegen.kernels.conv_s8 import ConvS8
from mcugraph.codegen.kernels.fully_connected_s8 import FullyConnectedS8
from mcugraph.ir import Array
from mcugraph.storage import Crs
from mcugraph.tflm.kernels.access.raster import straight
from mcugraph.tflm.kernels.needs import KernelNode

_FORM = Crs()


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
    refused = _FORM.refusal(rows)
    if refused is not None:
        return refused
    size = _FORM.bytes(len(rows), rows.shape[1], int(np.count_nonzero(rows)))
    return None if size < rows.size else "too few of its weights are zero"


def _rows(node: KernelNode) -> Array:
    """Weights, a row an output channel."""
    weights = constant(node.input(1))
    return weights.reshape(len(weights), -1)


def _tables(rows: Array) -> dict[str, FlashTable | None]:
    """The fields of ``mg_sparse``."""
    tables = _FORM.encode(rows).tables
    columns = FlashTable(tables["columns"], "columns")
    narrow = columns.values.dtype == np.uint8
    return {
        "values": FlashTable(tables["weights"], "weights"),
        "narrow_columns": columns if narrow else None,
        "wide_columns": None if narrow else columns,
        "counts": FlashTable(tables["counts"], "counts"),
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
