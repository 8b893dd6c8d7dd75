"""What each operator does to rows: which rows of its data make which rows of its result.

Rows lie on the second of four axes, as TFLite has them. A *slab* of them is a tensor of its own, so
an operator that pads its data pads the slab as well, also where the slab's neighbours would be:
the rows that come of such a padding are computed, too, but are not those of the network.

Sources: tensorflow/lite/micro/kernels/*.cc, tensorflow/lite/kernels/internal/reference/*.h.
"""

from collections.abc import Sequence

from mcugraph.errors import GraphError
from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import Signature
from mcugraph.ops.selection import Pad
from mcugraph.ops.window import VALID, Padding, Sweep, Windowed
from mcugraph.records import dataclass, replace
from mcugraph.tflm.kernels import KernelNode
from mcugraph.tflm.kernels.per_element import ARITHMETIC, ONE_OPERAND

ROWS = 1  # the axis

Span = tuple[int, int]  # the first row and the first that is left out

_BY_WINDOW = frozenset(
    ("AVERAGE_POOL_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "L2_POOL_2D", "MAX_POOL_2D")
)
_BY_ELEMENT = frozenset((*ONE_OPERAND, *ARITHMETIC))


@dataclass(frozen=True, slots=True)
class Held:
    """A slab of a tensor.

    Attributes:
        rows: The rows of the tensor that it holds; they may go beyond those that the tensor has.
        true: Those of them that are as they are in the tensor.
    """

    rows: Span
    true: Span

    def has(self, wanted: Span) -> bool:
        """Whether rows are in it as they are in the tensor."""
        return self.true[0] <= wanted[0] and wanted[1] <= self.true[1]

    def whole(self, length: int) -> tuple[bool, bool]:
        """Whether it begins and ends truly where the tensor does, so that padding is padding."""
        (start, stop), (first, behind) = self.rows, self.true
        return start == first == 0, stop == behind == length


@dataclass(frozen=True, slots=True)
class Windows:
    """Rows that come of windows; one row for each row is a window of one.

    Attributes:
        sweep: The window on its way down the data.
        padding: Around it.
        made_rows: How many rows the result has.
    """

    sweep: Sweep
    padding: Padding
    made_rows: int

    @property
    def before(self) -> int:
        """Rows of padding above."""
        return -self.padding.place(0, self.sweep)[0]

    @property
    def length(self) -> int:
        """Rows of the data."""
        return self.sweep.size

    @property
    def stride(self) -> int:
        """Rows of the data from one of the result to the next."""
        return self.sweep.stride

    @property
    def keeps(self) -> bool:
        """Whether each row comes of the one at its place."""
        return self.sweep.kernel == self.sweep.stride == 1

    def needed(self, wanted: Span) -> Span:
        """The rows under the windows."""
        first = wanted[0] * self.sweep.stride - self.before
        last = (wanted[1] - 1) * self.sweep.stride - self.before
        return _within((first, last + self.sweep.reach), self.sweep.size)

    def made(self, held: Held, wanted: Span) -> Held | None:
        """What comes of a slab, padded as the data is."""
        start, stop = held.rows
        sweep, before = self.sweep, self.before
        try:
            place, count = self.padding.place(0, replace(sweep, size=stop - start))
        except GraphError:  # not even one window fits
            return None
        first, beside = divmod(start + place + before, sweep.stride)
        if beside:
            return None
        top, bottom = held.whole(sweep.size)
        # The first window that begins and the last that ends on what is true.
        least = 0 if top else -(-(held.true[0] + before) // sweep.stride)
        most = (held.true[1] - sweep.reach + before) // sweep.stride
        behind = self.made_rows if bottom else most + 1
        rows = first, first + count
        true = max(rows[0], least, 0), min(rows[1], behind, self.made_rows)
        return Held(rows, true) if true[0] < true[1] else None


@dataclass(frozen=True, slots=True)
class Around:
    """Rows that are put around the data.

    Attributes:
        length: Rows of the data.
        pads: How many elements are put before and after each axis.
    """

    length: int
    pads: tuple[tuple[int, int], ...]

    @property
    def before(self) -> int:
        """Rows above."""
        return self.pads[ROWS][0]

    @property
    def after(self) -> int:
        """Rows below."""
        return self.pads[ROWS][1]

    @property
    def stride(self) -> int:
        """Rows of the data from one of the result to the next."""
        return 1

    @property
    def keeps(self) -> bool:
        """Whether each row comes of the one at its place."""
        return self.before == self.after == 0

    def needed(self, wanted: Span) -> Span:
        """Those that are no padding; one where all are."""
        return _within((wanted[0] - self.before, wanted[1] - self.before), self.length)

    def made(self, held: Held, wanted: Span) -> Held | None:
        """The slab with as much of the padding as is wanted, where the data ends with it."""
        (top, bottom), (start, stop) = held.whole(self.length), held.rows
        end = self.length + self.before
        above = min(max(self.before - wanted[0], 0), self.before) if top else 0
        below = min(max(wanted[1] - end, 0), self.after) if bottom else 0
        rows = start + self.before - above, stop + self.before + below
        true = held.true[0] + self.before - above, held.true[1] + self.before + below
        return Held(rows, true)

    def put(self, read: Span, made: Span) -> tuple[int, int]:
        """How many rows are put before and after some of the data to make some of the result."""
        return read[0] + self.before - made[0], made[1] - read[1] - self.before


def _within(rows: Span, length: int) -> Span:
    """At least one row of those that there are."""
    first = min(max(rows[0], 0), length - 1)
    return first, max(min(rows[1], length), first + 1)


@dataclass(frozen=True, slots=True)
class RowRule:
    """How an operator is computed slab by slab.

    Attributes:
        positions: Inputs that are its data, one tensor or several times the same.
        making: How its rows come of those of the data.
        rows: Of its result.
        breadth: Bytes of one of these.
        work: Multiply-accumulates for one of these.
    """

    positions: tuple[int, ...]
    making: Windows | Around
    rows: int
    breadth: int
    work: int


def row_rule(node: KernelNode) -> RowRule | None:
    """How an operator is computed slab by slab; None: it is not, or not that is known here."""
    computed = tuple(i for i, t in enumerate(node.inputs) if t is not None and not t.constant)
    if not computed or len(node.outputs) != 1:
        return None
    data, result = node.input(computed[0]), node.outputs[0]
    if any(node.input(i) is not data for i in computed) or not (_plain(data) and _plain(result)):
        return None
    making = _making(node, data, result, computed)
    if making is None:
        return None
    inputs = tuple(None if tensor is None else tensor.shape for tensor in node.inputs)
    macs = node.op.macs(Signature(inputs, (result.shape,)))
    rows = result.shape[ROWS]
    if macs is None or macs % rows:
        return None
    return RowRule(computed, making, rows, result.nbytes // rows, macs // rows)


def _making(
    node: KernelNode, data: TfliteTensor, result: TfliteTensor, computed: Sequence[int]
) -> Windows | Around | None:
    if node.native in _BY_ELEMENT:
        operands = [t for i, t in enumerate(node.inputs) if t is not None and i not in computed]
        if data.shape != result.shape or not all(map(_same_in_each_row, operands)):
            return None
        return Windows(Sweep(data.shape[ROWS], 1), VALID, result.shape[ROWS])
    if computed != (0,):
        return None
    if node.native in _BY_WINDOW and isinstance(node.op, Windowed):
        sweep = node.op.sweeps([None if t is None else t.shape for t in node.inputs])[ROWS]
        return Windows(sweep, node.op.padding, result.shape[ROWS])
    if node.native in ("PAD", "PADV2") and isinstance(node.op, Pad) and _known(node.input(1)):
        return Around(data.shape[ROWS], node.op.pads) if min(node.op.pads[ROWS]) >= 0 else None
    return None


def _plain(tensor: TfliteTensor) -> bool:
    return len(tensor.shape) == 4 and not tensor.sparse and max(tensor.scales, 1) == 1


def _known(tensor: TfliteTensor) -> bool:
    return tensor.data is not None


def _same_in_each_row(tensor: TfliteTensor) -> bool:
    return len(tensor.shape) <= 2 or (len(tensor.shape) <= 4 and tensor.shape[-3] == 1)
