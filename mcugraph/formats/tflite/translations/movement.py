"""TFLite: elements moved, joined, cut, looked up or made."""

from collections.abc import Callable

from mcugraph.formats.tflite.node import TfliteNode, Translation, Translator, activation
from mcugraph.ir import DType, Op
from mcugraph.ops.creation import Fill, Generate, OneHot, ShapeOf
from mcugraph.ops.movement import (
    BatchToSpace,
    DepthToSpace,
    Expand,
    Reshape,
    Reverse,
    SpaceToBatch,
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
    GatherNd,
    Pad,
    Resize,
    Slice,
    Split,
    Stack,
    Tile,
    Unstack,
)


def _reshape(node: TfliteNode) -> Op:
    target = node.ints(1)
    if target is None:
        given = node.options("Reshape").new_shape
        # Old files leave a target of [0] for a scalar; a computed one is as declared.
        usable = len(node.inputs) < 2 and given not in (None, (0,))
        target = given if usable else node.result()
    return Reshape(target)


def _squeeze(node: TfliteNode) -> Op:
    return Squeeze(node.options("Squeeze").squeeze_dims or None)


def _strided_slice(node: TfliteNode) -> Op:
    o = node.options("StridedSlice")
    begin, end, strides = node.constant(1), node.constant(2), node.constant(3)
    index: list[slice | int | None] = []
    new_axes = bin(o.new_axis_mask & ((1 << len(begin)) - 1) & ~o.ellipsis_mask).count("1")
    for i, (start, stop, step) in enumerate(zip(begin, end, strides, strict=True)):
        bit = 1 << i
        if o.ellipsis_mask & bit:
            index += [slice(None)] * (len(node.shape(0)) - (len(begin) - 1 - new_axes))
        elif o.new_axis_mask & bit:
            index.append(None)
        elif o.shrink_axis_mask & bit:
            index.append(start)
        else:
            first = None if o.begin_mask & bit else start
            last = None if o.end_mask & bit else stop + (start if o.offset else 0)
            index.append(slice(first, last, step))
    return Slice(tuple(index))


def _slice(node: TfliteNode) -> Op:
    begin, size = node.constant(1), node.constant(2)
    pairs = zip(begin, size, strict=True)
    return Slice(tuple(slice(b, None if n == -1 else b + n) for b, n in pairs))


def _pad(node: TfliteNode) -> Op:
    return Pad(node.pairs(1))


def _pad_by(node: TfliteNode) -> Op:
    """With a value of the data's own type; of integers that stand for others it is not known."""
    value, dtype = node.values[2], node.outputs[0].dtype
    return Pad(node.pairs(1), value=None if value is None or not dtype.is_float else value.item())


def _mirror_pad(node: TfliteNode) -> Op:
    modes = ("reflect", "symmetric")
    return Pad(node.pairs(1), modes[node.options("MirrorPad").mode])


def _resize(method: str, table: str) -> Callable[[TfliteNode], Op]:
    def translate(node: TfliteNode) -> Op:
        o, size = node.options(table), node.ints(1) or node.result()[1:3]
        return Resize(
            method,
            (-1, *size, *(-1,) * (len(node.shape(0)) - 3)),
            align_corners=bool(o.align_corners),
            half_pixel=bool(o.half_pixel_centers),
        )

    return translate


def _split(node: TfliteNode) -> Translation:
    (axis,) = node.constant(0)
    return Split(axis, parts=len(node.outputs)), (1, 0)


def _split_v(node: TfliteNode) -> Op:
    (axis,) = node.constant(2)
    return Split(axis, sizes=node.constant(1))


def _gather(node: TfliteNode) -> Op:
    o = node.options("Gather")
    return Gather(o.axis, o.batch_dims)


def _one_hot(node: TfliteNode) -> Op:
    return OneHot(node.constant(1)[0], node.options("OneHot").axis)


def _batch_to_space(node: TfliteNode) -> Op:
    return BatchToSpace(node.constant(1), node.pairs(2))


def _space_to_batch(node: TfliteNode) -> Op:
    return SpaceToBatch(node.constant(1), node.pairs(2))


# Known to do no linear algebra; shapes that depend on data are as the file declares them.
_DECLARED = (
    "BITCAST",
    "BROADCAST_ARGS",
    "BUCKETIZE",
    "COMPLEX_ABS",
    "DENSIFY",
    "DILATE",
    "HASHTABLE",
    "HASHTABLE_FIND",
    "HASHTABLE_IMPORT",
    "HASHTABLE_LOOKUP",
    "HASHTABLE_SIZE",
    "IMAG",
    "MATRIX_DIAG",
    "MATRIX_SET_DIAG",
    "MULTINOMIAL",
    "NON_MAX_SUPPRESSION_V4",
    "NON_MAX_SUPPRESSION_V5",
    "RANDOM_STANDARD_NORMAL",
    "RANDOM_UNIFORM",
    "REAL",
    "REVERSE_SEQUENCE",
    "SCATTER_ND",
    "SEGMENT_SUM",
    "SPARSE_TO_DENSE",
    "UNIQUE",
    "UNSORTED_SEGMENT_MAX",
    "UNSORTED_SEGMENT_MIN",
    "UNSORTED_SEGMENT_PROD",
    "UNSORTED_SEGMENT_SUM",
    "WHERE",
    "CUSTOM:TFLite_Detection_PostProcess",
)

TRANSLATIONS: dict[str, Translator] = {
    **{name: (lambda node: Declared(node.operator.native)) for name in _DECLARED},
    "RESHAPE": _reshape,
    "SQUEEZE": _squeeze,
    "EXPAND_DIMS": lambda node: Unsqueeze(node.constant(1)),
    "TRANSPOSE": lambda node: Transpose(node.constant(1)),
    "REVERSE_V2": lambda node: Reverse(node.constant(1)),
    "BROADCAST_TO": lambda node: Expand(node.ints(1) or node.result()),
    "DEPTH_TO_SPACE": lambda node: DepthToSpace(node.options("DepthToSpace").block_size, -1),
    "SPACE_TO_DEPTH": lambda node: SpaceToDepth(node.options("SpaceToDepth").block_size, -1),
    "BATCH_TO_SPACE_ND": _batch_to_space,
    "SPACE_TO_BATCH_ND": _space_to_batch,
    "CONCATENATION": lambda node: Concat(
        node.options("Concatenation").axis, activation(node.options("Concatenation"))
    ),
    "PACK": lambda node: Stack(node.options("Pack").axis),
    "UNPACK": lambda node: Unstack(node.options("Unpack").axis),
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "SLICE": _slice,
    "STRIDED_SLICE": _strided_slice,
    "PAD": _pad,
    "PADV2": _pad_by,
    "MIRROR_PAD": _mirror_pad,
    "TILE": lambda node: Tile(node.constant(1)),
    "GATHER": _gather,
    "GATHER_ND": lambda node: GatherNd(),
    "EMBEDDING_LOOKUP": lambda node: (Gather(), (1, 0)),
    "DYNAMIC_UPDATE_SLICE": lambda node: Scatter("dynamic_update_slice"),
    "RESIZE_BILINEAR": _resize("linear", "ResizeBilinear"),
    "RESIZE_NEAREST_NEIGHBOR": _resize("nearest", "ResizeNearestNeighbor"),
    "SHAPE": lambda node: ShapeOf(node.outputs[0].dtype),
    "RANK": lambda node: ShapeOf(DType.INT32, "rank"),
    "FILL": lambda node: Fill(node.ints(0) or node.result()),
    "RANGE": lambda node: Generate("range", node.outputs[0].dtype, node.result()),
    "ONE_HOT": _one_hot,
}
