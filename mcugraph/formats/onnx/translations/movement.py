"""ONNX: elements moved, joined, cut, looked up or made."""

from collections.abc import Iterable
from typing import Any

from mcugraph.errors import GraphError
from mcugraph.formats.computed import Computed
from mcugraph.formats.onnx.node import OnnxNode, Translation, Translator
from mcugraph.formats.onnx.types import DTYPES
from mcugraph.ir import DType, Op
from mcugraph.ops.creation import Generate, OneHot, ShapeOf
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.movement import (
    DepthToSpace,
    Expand,
    Flatten,
    Reshape,
    SpaceToDepth,
    Squeeze,
    Transpose,
    Unsqueeze,
)
from mcugraph.ops.opaque import Declared
from mcugraph.ops.scattering import Scatter
from mcugraph.ops.selection import (
    Concat,
    Gather,
    GatherElements,
    GatherNd,
    Pad,
    Resize,
    Slice,
    Split,
    Tile,
)


def _reshape(node: OnnxNode) -> Translation:
    target = node.argument("shape", 1)
    if target is None:
        raise GraphError("the target shape is missing")
    return Translation(Reshape(target, keep_zero=not node.integer("allowzero", 0)), (0,))


def _squeeze(node: OnnxNode) -> Translation:
    return Translation(Squeeze(node.argument("axes", 1)), (0,))


def _unsqueeze(node: OnnxNode) -> Translation:
    axes = node.argument("axes", 1)
    if axes is None:
        raise GraphError("the axes are missing")
    return Translation(Unsqueeze(axes), (0,))


def _split(node: OnnxNode) -> Translation:
    sizes = node.argument("split", 1)
    parts = None if sizes else len(node.outputs)
    return Translation(Split(node.integer("axis", 0), sizes or None, parts), (0,))


def _slice(node: OnnxNode) -> Translation:
    starts, ends = node.argument("starts", 1), node.argument("ends", 2)
    if starts is None or ends is None:
        raise GraphError("starts or ends are missing")
    axes = node.argument("axes", 3) or tuple(range(len(starts)))
    steps = (node.known(4) if node.has(4) else None) or (1,) * len(starts)
    shape = node.shape(0)
    index: list[slice | int | None] = [slice(None)] * len(shape)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        index[axis] = slice(start, end, step) if step > 0 else _back(start, end, step, shape[axis])
    return Translation(Slice(tuple(index)), (0,))


def _back(start: int, end: int, step: int, length: int) -> slice:
    """A slice that runs backwards: ONNX lets it start at 0 where numpy's is before the data."""
    first, last = (bound + length if bound < 0 else bound for bound in (start, end))
    stop = min(last, length - 1)
    return slice(min(max(first, 0), length - 1), None if stop < 0 else stop, step)


def _pad(node: OnnxNode) -> Translation:
    flat = node.argument("paddings" if "paddings" in node.attributes else "pads", 1)
    if flat is None:
        raise GraphError("the pads are missing")
    rank = node.rank()
    axes = node.known(3) if node.has(3) else tuple(range(rank))
    pads = [(0, 0)] * rank
    for axis, before, after in zip(axes, flat[: len(axes)], flat[len(axes) :], strict=True):
        pads[axis] = (before, after)
    value = node.attributes.get("value", 0.0)
    if node.has(2):
        known = node.value_of(2)
        value = None if known is None else known.item()
    return Translation(Pad(tuple(pads), node.text("mode", "constant"), value), (0,))


def _expand(node: OnnxNode) -> Translation:
    return Translation(Expand(node.known(1)), (0,))


def _tile(node: OnnxNode) -> Translation:
    if node.opset < 6:
        repeats = [1] * node.rank()
        repeats[node.known(2)[0]] = node.known(1)[0]
        return Translation(Tile(tuple(repeats)), (0,))
    return Translation(Tile(node.known(1)), (0,))


def _places(node: OnnxNode, lengths: Iterable[int]) -> dict[str, Any]:
    """Which place of the data an element of the result of a Resize is of.

    Args:
        node: The operator.
        lengths: Of the axes that are resized, in the result.
    """
    if node.type == "Upsample" or node.opset < 11:
        return {"rounding": "floor"}
    mode = node.text("coordinate_transformation_mode", "half_pixel")
    half = mode == "half_pixel" or (mode == "pytorch_half_pixel" and 1 not in lengths)
    known = half or mode in ("align_corners", "asymmetric")
    return {
        "align_corners": mode == "align_corners",
        "half_pixel": half,
        "rounding": node.text("nearest_mode", "round_prefer_floor")
        if known and not node.integer("antialias", 0)
        else "unknown",
    }


def _resize(node: OnnxNode) -> Translation:
    method = node.text("mode", "nearest")
    if "scales" in node.attributes:  # Upsample-7
        return Translation(Resize(method, scales=tuple(node.attributes["scales"])), (0,))
    if "height_scale" in node.attributes:  # Upsample-1
        enlarged = (node.attributes["height_scale"], node.attributes["width_scale"])
        return Translation(Resize(method, scales=(1.0, 1.0, *enlarged)), (0,))
    scales = 1 if node.type == "Upsample" or node.opset < 11 else 2
    axes = node.integers("axes", tuple(range(node.rank())))
    if node.has(3):
        size, policy = [-1] * node.rank(), node.text("keep_aspect_ratio_policy", "stretch")
        target = dict(zip(axes, node.known(3), strict=True))
        ratios = [length / node.shape(0)[axis] for axis, length in target.items()]
        for axis, length in target.items():
            if policy != "stretch":
                ratio = min(ratios) if policy == "not_larger" else max(ratios)
                length = int(node.shape(0)[axis] * ratio + 0.5)
            size[axis] = length
        return Translation(Resize(method, size=tuple(size), **_places(node, target.values())), (0,))
    value = node.value_of(scales)
    if value is None:
        raise Computed
    factors = [1.0] * node.rank()
    for axis, factor in zip(axes, value.ravel(), strict=True):
        factors[axis] = float(factor)
    resized = [n * by for n, by in zip(node.shape(0), factors, strict=True) if by != 1.0]
    places = _places(node, map(int, resized))
    return Translation(Resize(method, scales=tuple(factors), **places), (0,))


def _depth_to_space(node: OnnxNode) -> Op:
    return DepthToSpace(
        node.integer("blocksize", 1), columns_first=node.text("mode", "DCR") == "CRD"
    )


def _shape(node: OnnxNode) -> Op:
    end = node.attributes.get("end")
    return ShapeOf(
        DType.INT64, start=node.integer("start", 0), end=None if end is None else int(end)
    )


def _one_hot(node: OnnxNode) -> Op:
    return OneHot(node.known(1)[0], node.integer("axis", -1))


def _range(node: OnnxNode) -> Op:
    values = [node.value_of(i) for i in range(3)]
    if any(value is None for value in values):
        raise Computed
    start, limit, delta = (float(value.ravel()[0]) for value in values if value is not None)
    count = max(int(-(-(limit - start) // delta)), 0)
    return Generate("range", node.tensor(0).dtype, (count,))


def _random(node: OnnxNode) -> Op:
    if node.type.endswith("Like") or node.type in ("Bernoulli", "EyeLike"):
        shape, dtype = node.shape(0), node.tensor(0).dtype
    else:
        shape, dtype = node.integers("shape", ()), DType.FLOAT32
    given = node.attributes.get("dtype")
    return Generate("random", dtype if given is None else DTYPES[int(given)], shape)


# Known to do no linear algebra, and with shapes that depend on data.
_DECLARED = ("NonZero", "Compress", "Unique", "NonMaxSuppression", "StringNormalizer")


_FEW = 64  # indices that an operator itself knows


def _gather(node: OnnxNode) -> Op:
    chosen = node.value_of(1) if node.tensor(1).elements <= _FEW else None
    known = None if chosen is None else tuple(map(int, chosen.ravel().tolist()))
    return Gather(node.integer("axis", 0), chosen=known)


TRANSLATIONS: dict[str, Translator] = {
    "Reshape": _reshape,
    "Flatten": lambda node: Flatten(node.integer("axis", 1)),
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": lambda node: Transpose(node.integers("perm", ()) or None),
    "Concat": lambda node: Concat(node.integer("axis", 1)),
    "Split": _split,
    "Slice": _slice,
    "Pad": _pad,
    "Gather": _gather,
    "GatherND": lambda node: GatherNd(node.integer("batch_dims", 0)),
    "GatherElements": lambda node: GatherElements(node.integer("axis", 0)),
    "Scatter": lambda node: Scatter(),
    "ScatterElements": lambda node: Scatter(),
    "ScatterND": lambda node: Scatter("scatter_nd"),
    "Trilu": lambda node: Translation(Elementwise("trilu"), (0,)),
    "ReverseSequence": lambda node: Translation(Elementwise("reverse_sequence"), (0,)),
    "Expand": _expand,
    "Tile": _tile,
    "Resize": _resize,
    "Upsample": _resize,
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": lambda node: SpaceToDepth(node.integer("blocksize", 1)),
    "Shape": _shape,
    "Size": lambda node: ShapeOf(DType.INT64, "size"),
    "OneHot": _one_hot,
    "Range": _range,
    "EyeLike": _random,
    "Bernoulli": _random,
    "RandomNormal": _random,
    "RandomUniform": _random,
    "RandomNormalLike": _random,
    "RandomUniformLike": _random,
    **{name: (lambda node: Declared(node.type)) for name in _DECLARED},
}
