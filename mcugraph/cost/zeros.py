"""What the weights of each layer take in flash, by the zeros among them and how they are stored."""

import numpy as np

from mcugraph.cost.flash import StoredConstant, distinct_constants
from mcugraph.cost.layer_storage import IN_FILE, LayerStorage
from mcugraph.errors import FormatError, GraphError
from mcugraph.ir import Array, Graph, Role, Tensor
from mcugraph.ops.base import Weighted
from mcugraph.ops.convolution import Conv
from mcugraph.ops.linear import Dense
from mcugraph.storage import FORMS, PATTERNS, Bitmap, Crs, DenseRows, Form, cheapest
from mcugraph.storage.bit_fields import WIDTHS


def storage_of(graph: Graph) -> tuple[LayerStorage, ...]:
    """How the weights of each layer can be stored; those that several layers share are told once.

    Args:
        graph: As it is counted; weights whose values are not at hand are told as dense ones.
    """
    return tuple(
        _storage(found, op)
        for found in distinct_constants(graph)
        if isinstance(op := found.operator.op, Weighted)
        and found.role is Role.WEIGHT
        and found.tensor.has_size
        and found.tensor.elements
    )


def _storage(found: StoredConstant, op: Weighted) -> LayerStorage:
    tensor, bits = found.tensor, found.tensor.dtype.bits
    in_file = tensor.stored_bytes != tensor.nbytes
    kept = None if in_file else _kept(tensor, op)
    rows = (tensor.shape or ())[op.weight_out]
    form: Form = DenseRows()
    sizes: dict[Form, int] = {}
    nonzero = None if kept is None else int(np.count_nonzero(kept))
    if kept is not None and nonzero is not None and _has_kernels(op) and bits in WIDTHS:
        sizes = {
            each: each.bytes(*_shape(kept), nonzero, bits)
            for each in FORMS
            if each.refusal(kept) is None
        }
        form = cheapest(kept, FORMS, bits)
    patterns = [each for each in PATTERNS if each in sizes]
    pattern = min(patterns, key=lambda each: sizes[each], default=None)
    return LayerStorage(
        operator=found.operator.name,
        kind=found.operator.op.kind,
        rows=rows,
        columns=tensor.elements // rows if rows else 0,
        bits=bits,
        nonzero=nonzero,
        dense=tensor.nbytes,
        crs=sizes.get(Crs()),
        bitmap=sizes.get(Bitmap()),
        n_of_m=None if pattern is None else sizes[pattern],
        pattern=None if pattern is None else pattern.label,
        cheapest=IN_FILE if in_file else form.label,
        bytes=sizes.get(form, tensor.stored_bytes),
    )


def _has_kernels(op: Weighted) -> bool:
    """Whether generated code can run a layer whose weights are not dense."""
    return isinstance(op, Dense) or (isinstance(op, Conv) and not op.depthwise)


def _shape(matrix: Array) -> tuple[int, int]:
    rows, columns = matrix.shape
    return rows, columns


def _kept(tensor: Tensor, op: Weighted) -> Array | None:
    """Which weights are not zero, rows and columns in the order of a device; None: not known."""
    if tensor.constant is None or tensor.shape is None:
        return None
    try:
        values = tensor.constant.array()
        if values.size != tensor.elements:
            return None
        values = values.reshape(tensor.shape)
        if tensor.quantization is not None and tensor.has_scale and values.dtype.kind in "iu":
            values = tensor.quantization.centred(values)
    except (FormatError, GraphError):
        return None
    out, into = op.weight_out % values.ndim, op.weight_in % values.ndim
    between = [axis for axis in range(values.ndim) if axis not in (out, into)]
    ordered = (values != 0).transpose(out, *between, into)
    return np.asarray(ordered.reshape(values.shape[out], -1), np.int8)
