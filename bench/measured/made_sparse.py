"""TFLite files with many of their weights set to zero."""

from collections.abc import Sequence

import numpy as np

from mcugraph.formats.tflite.tables import read_model
from mcugraph.storage import Blocks, NofM

_WITH_ROWS = ("CONV_2D", "FULLY_CONNECTED")
_BLOCKS_GONE = 0.75


def made_sparse(model: bytes, kinds: Sequence[float | NofM | Blocks], seed: int = 0) -> bytes:
    """The same network with zeros among the weights of its convolutions and dense layers.

    Args:
        model: The file; weights of int8 or float32.
        kinds: What the layers get by turns: a share of zeros, anywhere; or a pattern, of blocks a
            quarter of which stays.
        seed: Of the choice.
    """
    found = bytearray(model)
    random = np.random.default_rng(seed)
    main = read_model(found).subgraphs[0]
    layers = [operator for operator in main.operators if operator.native in _WITH_ROWS]
    for i, operator in enumerate(layers):
        tensor = main.tensors[operator.inputs[1]]
        assert tensor.data is not None
        assert tensor.dtype.numpy is not None
        weights = np.frombuffer(tensor.data, tensor.dtype.numpy)  # within the file
        rows = weights.reshape(tensor.shape[0], -1)
        kind = kinds[i % len(kinds)]
        order = random.uniform(size=rows.shape)
        if isinstance(kind, NofM):
            for start in range(0, rows.shape[1], kind.m):
                group = order[:, start : start + kind.m]
                rows[:, start : start + kind.m][group.argsort(1).argsort(1) >= kind.n] = 0
        elif isinstance(kind, Blocks):
            starts = order[:: kind.rows, :: kind.columns]
            spread = starts.repeat(kind.rows, 0).repeat(kind.columns, 1)
            rows[spread[: rows.shape[0], : rows.shape[1]] < _BLOCKS_GONE] = 0
        else:
            rows[order < kind] = 0
    return bytes(found)
