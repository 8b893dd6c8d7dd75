"""What the weights of each layer take in flash, by the zeros among them and how they are stored."""

from typing import Any

import numpy as np

from mcugraph.cost.flash import StoredConstant, distinct_constants
from mcugraph.cost.layer_storage import IN_FILE, LayerStorage
from mcugraph.errors import FormatError, GraphError
from mcugraph.ir import Array, Graph, Op, Role, Tensor
from mcugraph.ops.base import Weighted
from mcugraph.ops.convolution import Conv
from mcugraph.ops.linear import Dense
from mcugraph.storage import DENSE, SPARSE
from mcugraph.storage.bit_fields import WIDTHS

_LEAST = 8  # bits of a weight that kernels read beside its place


def storage_of(graph: Graph) -> tuple[LayerStorage, ...]:
    """How the weights of each layer can be stored; those that several layers share are told once.

    Weights of what is no layer, such as recurrent cells, have a dense form alone.

    Args:
        graph: As it is counted; weights whose values are not at hand are told as dense ones.
    """
    return tuple(
        _storage(found)
        for found in distinct_constants(graph)
        if found.role is Role.WEIGHT and found.tensor.has_size and found.tensor.elements
    )


def _storage(found: StoredConstant) -> LayerStorage:
    tensor, op, bits = found.tensor, found.operator.op, found.tensor.dtype.bits
    in_file = tensor.stored_bytes != tensor.nbytes
    axes = (op.weight_out, op.weight_in) if isinstance(op, Weighted) else (0, -1)
    kept = None if in_file else _kept(tensor, *axes)
    rows = (tensor.shape or (1,))[axes[0]]
    told: dict[str, Any] = dict.fromkeys(name for each in SPARSE for name in each.names)
    cheapest = (tensor.stored_bytes, IN_FILE if in_file else DENSE.name)
    if kept is not None and _has_kernels(op) and bits in WIDTHS:
        for family in SPARSE:
            form = family.cheapest(kept, max(bits, _LEAST))
            if form is None:
                continue
            size = told[family.name] = form.size(kept, max(bits, _LEAST))
            if family.pattern:
                told[family.pattern] = form.label
            if size < cheapest[0]:
                cheapest = (size, form.label)
    return LayerStorage(
        operator=found.operator.name,
        kind=found.operator.op.kind,
        rows=rows,
        columns=tensor.elements // rows if rows else 0,
        bits=bits,
        nonzero=None if kept is None else int(np.count_nonzero(kept)),
        dense=tensor.nbytes,
        cheapest=cheapest[1],
        bytes=cheapest[0],
        **told,
    )


def _has_kernels(op: Op) -> bool:
    """Whether generated code can run a layer whose weights are not dense."""
    return isinstance(op, Dense) or (isinstance(op, Conv) and not op.depthwise)


def _kept(tensor: Tensor, out: int, into: int) -> Array | None:
    """Which weights are not zero, rows and columns in the order of a device; None: not known.

    Args:
        tensor: The weights.
        out: Their axis of the channels that are made.
        into: Their axis of the channels that are read.
    """
    if tensor.constant is None or not tensor.shape:
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
    out, into = out % values.ndim, into % values.ndim
    between = [axis for axis in range(values.ndim) if axis not in (out, into)]
    ordered = (values != 0).transpose(*dict.fromkeys((out, *between, into)))
    return np.asarray(ordered.reshape(values.shape[out], -1), np.int8)
