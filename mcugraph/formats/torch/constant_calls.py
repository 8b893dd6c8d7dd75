"""Calls whose results are the same in every inference: constants, computed when asked for."""

from collections.abc import Sequence
from functools import partial
from math import prod
from typing import Any

from mcugraph.formats.folded_values import FoldedValues
from mcugraph.formats.torch.call import AtenCall, shape_of
from mcugraph.formats.torch.derivations import Called, call_on_host
from mcugraph.formats.torch.program import ProgramReader
from mcugraph.formats.torch.values import is_random
from mcugraph.ir import Tensor

# Results that depend on the shapes of their arguments alone.
_LIKE = frozenset({"zeros_like", "ones_like", "full_like", "empty_like"})
_OF_SHAPE = _LIKE | frozenset({"new_zeros", "new_ones", "new_full", "new_empty"})
# Calls that leave a constant as it is.
_SAME = frozenset({"alias", "detach", "contiguous", "clone", "lift_fresh", "lift_fresh_copy"})
# Calls that only change the shape of a constant, so that the same bytes serve.
_SAME_BYTES = frozenset({"view", "_unsafe_view", "reshape", "unsqueeze", "squeeze", "flatten"})
# Calls that take a part of a constant, such as code that writes to it names.
_PARTS = frozenset({"slice", "select", "narrow"})
# Calls that turn a matrix around.
_TRANSPOSES = frozenset({"t", "transpose", "permute", "swapaxes", "numpy_T", "mT"})


def fold(program: ProgramReader, node: Any, call: AtenCall) -> tuple[Tensor, ...] | None:
    """The results of a call as constants; None where they depend on the inputs."""
    read = call.tensors()
    if not call.native.startswith("aten::") or is_random(node.target):
        return None
    if call.type not in _OF_SHAPE and not all(tensor.name in program.values for tensor in read):
        return None
    if call.type in _SAME:
        return (read[0],)
    nbytes = sum(kind.dtype.nbytes(prod(kind.shape)) for kind in call.results)
    sources = [program.values[tensor.name] for tensor in read if tensor.name in program.values]
    compute = partial(call_on_host, program, node, lambda tensor: program.values[tensor.name]())
    values = FoldedValues(program.folding, nbytes, compute, sources).each(len(call.results))
    results = []
    for i, (kind, value) in enumerate(zip(call.results, values, strict=True)):
        own = program.paths.inside(node)
        label = own if len(call.results) == 1 else f"{own}:{i}"
        same = call.type in _SAME_BYTES and read[0].constant is not None
        key = read[0].constant.key if same and read[0].constant is not None else None
        made = "like" if call.type in _LIKE or _part_of_like(call, read) else "folded"
        derivation = Called(program, node, i)
        results.append(program.constant(label, kind, value, key, made, derivation))
        program.makers[results[-1].name] = (node, i)
    if call.type in _TRANSPOSES and len(shape_of(read[0])) == 2 and _turns(call):
        program.transposed[results[0].name] = read[0]
    return tuple(results)


def _part_of_like(call: AtenCall, read: Sequence[Tensor]) -> bool:
    """Whether it is a part of a constant whose shape is that of something else."""
    return call.type in _PARTS and all(
        isinstance(tensor.key, tuple) and tensor.key[0] == "like" for tensor in read
    )


def _turns(call: AtenCall) -> bool:
    """Whether a call exchanges the two axes of a matrix."""
    if call.has("dims"):
        return [int(axis) % 2 for axis in call.get("dims")] == [1, 0]
    given = [call.get(name) for name in ("dim0", "dim1", "axis0", "axis1")]
    axes = [int(axis) % 2 for axis in given if axis is not None]
    return len(axes) == 0 or axes[0] != axes[1]
