"""Elements copied from places at regular distances: transpositions, slices, blocks.

Sources: tensorflow/lite/kernels/internal/reference/transpose.h, slice.h, strided_slice.h,
space_to_depth.h, depth_to_space.h.
"""

from collections.abc import Callable, Mapping

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.axes import loops
from mcugraph.codegen.kernels.contract import Kernel, attributes, refused_scales
from mcugraph.errors import GraphError
from mcugraph.ir import Shape
from mcugraph.ops.movement import DepthToSpace, SpaceToDepth, Transpose
from mcugraph.ops.selection import Slice
from mcugraph.records import dataclass
from mcugraph.tflm.kernels.access.raster import element, steps, straight
from mcugraph.tflm.kernels.needs import KernelNode

_AXES = 6  # MG_STRIDED_AXES


@dataclass(frozen=True, slots=True)
class Walk:
    """Through the elements of an input, in the order of the output.

    Attributes:
        begin: The element that comes first.
        sizes: Of the loops, the outermost first.
        steps: Elements from one turn of each loop to the next.
    """

    begin: int
    sizes: Shape
    steps: Shape


class StridedBytes(Kernel):
    """``mg_strided``, for one kind of operator.

    Args:
        walk: Where the elements of the output stand in the input.
    """

    files = ("mg_strided",)

    def __init__(self, walk: Callable[[KernelNode], Walk]) -> None:
        self._walk = walk

    def refusal(self, node: KernelNode) -> str | None:
        _loops(self._walk(node), element(node.outputs[0]))
        return refused_scales(node.input(0), node.outputs[0])

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        walk, size = self._walk(node), element(node.outputs[0])
        sizes, distances, run = _loops(walk, size)
        fields: dict[str, Field] = {
            "begin": walk.begin * size,
            "sizes": sizes,
            "steps": distances,
            "run": run,
        }
        return KernelCall("mg_strided", Parameters("mg_strided_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        walk, size = self._walk(node), element(node.outputs[0])
        sizes, distances, run = _loops(walk, size)
        written = tuple(step * run for step in steps(sizes, 1))
        return {0: sum(map(straight, sizes, written, distances)) - walk.begin * size}


def _loops(walk: Walk, size: int) -> tuple[Shape, Shape, int]:
    """Sizes and distances in bytes of few loops, and the bytes that lie side by side."""
    sizes, distances = loops(
        (*walk.sizes, size), (*(step * size for step in walk.steps), 1), most=_AXES + 1
    )
    if distances[-1] == 1:
        return sizes[:-1], distances[:-1], sizes[-1]
    if sizes[0] != 1:
        raise GraphError(f"{_AXES + 1} loops are needed, and {_AXES} are known")
    return sizes[1:], distances[1:], 1


def transposed(node: KernelNode) -> Walk:
    """Axes in another order."""
    data, op = node.input(0), attributes(node, Transpose)
    distances = steps(data.shape, 1)
    order = op.permutation or tuple(range(len(distances)))[::-1]
    return Walk(0, tuple(data.shape[i] for i in order), tuple(distances[i] for i in order))


def sliced(node: KernelNode) -> Walk:
    """Some elements along each axis, a step apart."""
    data, op = node.input(0), attributes(node, Slice)
    items = [item for item in op.index if item is not None]
    items += [slice(None)] * (len(data.shape) - len(items))
    ranges = [
        range(n)[item] if isinstance(item, slice) else range(item % n, item % n + 1)
        for item, n in zip(items, data.shape, strict=True)
    ]
    distances = steps(data.shape, 1)
    return Walk(
        sum(r.start * step for r, step in zip(ranges, distances, strict=True)),
        tuple(map(len, ranges)),
        tuple(r.step * step for r, step in zip(ranges, distances, strict=True)),
    )


def deepened(node: KernelNode) -> Walk:
    """Blocks of space as channels."""
    op = attributes(node, SpaceToDepth)
    data, block = _image(node, op), op.block
    batches, height, width, depth = data
    image, row, pixel, _ = steps(data, 1)
    within = (block, block, depth), (row, pixel, 1)
    if op.columns_first:
        within = (depth, block, block), (1, row, pixel)
    sizes = (batches, height // block, width // block, *within[0])
    return Walk(0, sizes, (image, block * row, block * pixel, *within[1]))


def flattened(node: KernelNode) -> Walk:
    """Channels as blocks of space."""
    op = attributes(node, DepthToSpace)
    data, block = _image(node, op), op.block
    batches, height, width, _ = data
    depth = node.outputs[0].shape[3]
    image, row, pixel, _ = steps(data, 1)
    down, across, channel = (block * depth, depth, 1)
    if op.columns_first:
        down, across, channel = (block, 1, block * block)
    sizes = (batches, height, block, width, block, depth)
    return Walk(0, sizes, (image, row, down, pixel, across, channel))


def _image(node: KernelNode, op: DepthToSpace | SpaceToDepth) -> Shape:
    """The shape of an image, its channels last.

    Raises:
        GraphError: It is none.
    """
    data = node.input(0).shape
    if len(data) != 4 or op.channel_axis % 4 != 3:
        raise GraphError(f"blocks of {data} whose channels are not last are not known")
    return data
