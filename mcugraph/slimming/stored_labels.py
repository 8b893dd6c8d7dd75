"""Labels of what code takes out of tensors that the model stores.

No operator of a graph does that: what is stored is known, and so are its parts. But where a part
begins and ends is written in the code, and is elsewhere once channels are gone.
"""

from typing import Any

import numpy as np

from mcugraph.ir import Array
from mcugraph.ops.labels import compress, spread, stacked
from mcugraph.slimming.cutting import Shapes
from mcugraph.slimming.literals import Site, Written
from mcugraph.slimming.remains import Remains

_PARTS = frozenset({"split", "split_with_sizes", "chunk", "tensor_split"})
_ONE = frozenset({"narrow", "select", "getitem"})


class StoredLabels:
    """What the calls of one module's code take of stored tensors.

    Args:
        kept: What stays.
        shapes: Of the tensors that the model holds.
        path: Of the module.
    """

    def __init__(self, kept: Remains, shapes: Shapes, path: str) -> None:
        self._kept, self._shapes = kept, shapes
        self._prefix = f"{path}." if path else ""
        self._found: dict[Any, Array | tuple[Array, ...]] = {}

    def begin(self, node: Any) -> None:
        """Note a stored tensor that the code reads."""
        name, stored = self._prefix + str(node.target), self._kept.labelling.stored
        shape = self._shapes.get(name, ())
        axes = [axis for axis in range(len(shape)) if (name, axis) in stored]
        rows = [spread(stored[name, axis], axis, shape) for axis in axes]
        if rows and len(rows) < 3:
            self._found[node] = rows[0] if len(rows) == 1 else stacked(*rows)

    def site(self, node: Any, written: Written) -> Site | None:
        """What a call takes of a stored tensor, and makes of it; None: it does something else.

        Args:
            node: The call.
            written: As it is in the whole model.
        """
        import torch

        data, others = self._found.get(node.args[0]), list[Any]()
        torch.fx.map_arg((written.arguments, written.options), others.append)
        if data is None or others or written.name not in _PARTS | _ONE:
            return None
        if isinstance(data, tuple):  # of several parts, the code takes one
            self._found[node] = data[written.arguments[0]]
            return None
        labels = torch.from_numpy(np.array(data))
        name = "__getitem__" if written.name == "getitem" else written.name
        made = getattr(labels, name)(*written.arguments, **written.options)
        parts = [made] if written.name in _ONE else made
        results = tuple(compress(part.numpy()) for part in parts)
        self._found[node] = results[0] if written.name in _ONE else results
        return Site(self._kept, data, results)
