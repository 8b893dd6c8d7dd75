"""Dense layers, matrix products and Einstein sums."""

from collections.abc import Sequence

from mcugraph.errors import GraphError
from mcugraph.ir import Array, Dim, Dims, Role, Shape, Signature, TensorType
from mcugraph.late_numpy import np
from mcugraph.ops.base import Fusable, LinearAlgebra, Weighted, broadcast, count, given, without
from mcugraph.ops.labels import ACROSS, Channels, compress, read_along, spread, varies
from mcugraph.ops.product_labels import contract
from mcugraph.records import dataclass

_BATCH = "0123456789"  # letters of axes that operands broadcast along


@dataclass(frozen=True, slots=True)
class Dense(Weighted, Fusable):
    """Data times a weight matrix plus an optional bias, along the last axis.

    Attributes:
        weight_out, weight_in: Axes of the matrix that hold the output and the input units.
        flatten: The data is taken as a matrix of rows of ``weight_in`` elements (TFLite).
        transposed: The data comes as (units, rows) (``transA`` of ONNX Gemm).
        activation: Applied to the result by the same kernel.
        factors: What products and bias are multiplied by (``alpha`` and ``beta`` of ONNX Gemm); a
            deployment folds them into weights and bias.
    """

    weight_out: int = 0
    weight_in: int = 1
    flatten: bool = False
    transposed: bool = False
    activation: str | None = None
    factors: tuple[float, float] = (1.0, 1.0)

    @property
    def kind(self) -> str:
        return "dense"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data, weight = given(inputs, 0), given(inputs, 1)
        if len(weight.shape) != 2:
            raise GraphError(f"the weights of a dense layer are a matrix, not {weight.shape}")
        units, depth = weight.shape[self.weight_out], weight.shape[self.weight_in]
        rows = data.shape[::-1] if self.transposed else data.shape
        if self.flatten:
            if not depth or count(rows) % depth:
                raise GraphError(f"data {data.shape} is no multiple of {depth} input units")
            return (TensorType(data.dtype, (count(rows) // depth, units)),)
        if not rows or rows[-1] != depth:
            raise GraphError(f"data {data.shape} does not fit {depth} input units")
        return (TensorType(data.dtype, (*rows[:-1], units)),)

    def macs(self, s: Signature) -> Dim | None:
        weight = s.inputs[1]
        return None if weight is None else count(without(s.outputs[0], -1)) * count(weight)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data, weight = channels.labels(0), channels.shapes[1]
        if data is None or weight is None or channels.labels(1) is not None:
            return None
        if self.transposed:
            data = data.transpose()
        if self.flatten:
            data = compress(data.reshape(-1, weight[self.weight_in]))
        result = channels.results[0]
        rows = [axis for axis in range(data.ndim - 1) if varies(data, axis)]
        # Of one unit it cannot be told by where labels change.
        other = bool(rows) and not varies(data, -1)
        if channels.works(ACROSS, other and (data.shape[-1] > 1 or channels.crossed(0))):
            # The layer works along another axis than that of the channels (a token mixer).
            channels.across(spread(self._made(channels, weight), -1, result))
            return (np.broadcast_to(data[..., :1], result),)
        channels.bind(1, self.weight_in, read_along(channels, data, -1))
        return (spread(self._made(channels, weight), -1, result),)

    def _made(self, channels: Channels, weight: Shape) -> Array:
        """The units that the layer makes."""
        made = channels.fresh(weight[self.weight_out])
        channels.bind(1, self.weight_out, made)
        channels.bind(2, -1, made)
        return made


@dataclass(frozen=True, slots=True)
class MatMul(LinearAlgebra):
    """Batched matrix product with numpy's broadcasting; either side may come transposed.

    Attributes:
        transpose_a, transpose_b: That side does.
        factor: What products are multiplied by (``alpha`` of a fused product).
    """

    transpose_a: bool = False
    transpose_b: bool = False
    factor: float = 1.0

    @property
    def kind(self) -> str:
        return "matmul"

    def _sides(self, a: Shape, b: Shape) -> tuple[Dims, Dims]:
        """Both shapes as (..., rows, depth) and (..., depth, columns)."""
        left = a if len(a) > 1 else (1, *a)
        right = b if len(b) > 1 else (*b, 1)
        if self.transpose_a:
            left = (*left[:-2], left[-1], left[-2])
        if self.transpose_b:
            right = (*right[:-2], right[-1], right[-2])
        return left, right

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        a, b = given(inputs, 0), given(inputs, 1)
        if not a.shape or not b.shape:
            raise GraphError("a matrix product takes no scalars")
        left, right = self._sides(a.shape, b.shape)
        if left[-1] != right[-2]:
            raise GraphError(f"shapes {a.shape} and {b.shape} do not multiply")
        rows = left[-2:-1] if len(a.shape) > 1 else ()
        columns = right[-1:] if len(b.shape) > 1 else ()
        return (TensorType(a.dtype, (*broadcast([left[:-2], right[:-2]]), *rows, *columns)),)

    def macs(self, s: Signature) -> Dim | None:
        a, b = s.inputs[0], s.inputs[1]
        if a is None or b is None:
            return None
        return count(s.outputs[0]) * self._sides(a, b)[0][-1]

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        ranks = [len(shape or ()) for shape in channels.shapes]
        if min(ranks) < 2:
            return None
        sides = ["KI" if self.transpose_a else "IK", "JK" if self.transpose_b else "KJ"]
        lead = _BATCH[: max(ranks) - 2]
        terms = [
            lead[len(lead) - rank + 2 :] + side for rank, side in zip(ranks, sides, strict=True)
        ]
        return contract(channels, terms, f"{lead}IJ")


@dataclass(frozen=True, slots=True)
class Einsum(LinearAlgebra):
    """Einstein sum of any number of operands, in explicit form (``"ab,bc->ac"``).

    Counted as one sum of products over all letters: with n operands each term takes n - 1
    multiplications. One operand alone is a reduction or a permutation, no linear algebra.
    """

    equation: str

    @property
    def kind(self) -> str:
        return "einsum"

    def role(self, index: int) -> Role:
        return Role.WEIGHT

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        shapes = [given(inputs, i).shape for i in range(len(inputs))]
        sizes, dots = self._sizes(shapes)
        result: list[int] = []
        for letter in self.equation.split("->")[1].replace("...", "."):
            result += dots if letter == "." else [sizes[letter]]
        return (TensorType(given(inputs, 0).dtype, tuple(result)),)

    def _sizes(self, shapes: Sequence[Dims]) -> tuple[dict[str, Dim], Dims]:
        """Length of each letter, and the shape that the ellipsis stands for."""
        terms = self.equation.split("->")[0].split(",")
        if len(terms) != len(shapes):
            raise GraphError(f"{self.equation!r} does not take {len(shapes)} operands")
        sizes: dict[str, Dim] = {}
        dots: list[Shape] = []
        for term, shape in zip(terms, shapes, strict=True):
            head, ellipsis, tail = term.partition("...")
            extra = len(shape) - len(head) - len(tail)
            if extra < 0 or (extra and not ellipsis):
                raise GraphError(f"{self.equation!r} does not fit an operand of shape {shape}")
            dots.append(shape[len(head) : len(head) + extra])
            lengths = shape[: len(head)] + shape[len(head) + extra :]
            for letter, size in zip(head + tail, lengths, strict=True):
                known = sizes.setdefault(letter, size)
                if isinstance(known, int) and known == 1:  # broadcast
                    sizes[letter] = size
                elif isinstance(known, int) and isinstance(size, int) and size not in (1, known):
                    raise GraphError(
                        f"{self.equation!r}: the axes {letter!r} are {known} and {size} long"
                    )
        return sizes, broadcast(dots)

    def macs(self, s: Signature) -> Dim | None:
        shapes = [shape for shape in s.inputs if shape is not None]
        sizes, dots = self._sizes(shapes)
        return (len(shapes) - 1) * count(sizes.values()) * count(dots)

    def elementwise(self, s: Signature) -> Dim | None:
        return count(s.inputs[0] or ()) if len(s.inputs) == 1 else 0

    def _letters(self, ranks: Sequence[int]) -> tuple[list[str], str]:
        """The letters of operands and of the result, an ellipsis as a letter for each axis."""
        terms, result = self.equation.split("->")
        found = []
        for term, rank in zip(terms.split(","), ranks, strict=True):
            extra = rank - len(term.replace("...", ""))
            found.append(term.replace("...", _BATCH[::-1][len(_BATCH) - extra :]))
        lead = max(("".join(filter(str.isdigit, term)) for term in found), key=len)
        return found, result.replace("...", lead)

    def places(self, index: int, ranks: Sequence[int]) -> tuple[int | None, ...]:
        """For each axis of an operand that of the result; None: it is summed over.

        Args:
            index: Of the operand.
            ranks: How many axes each operand has.
        """
        terms, result = self._letters(ranks)
        return tuple(result.index(x) if x in result else None for x in terms[index])

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        ranks = [len(shape or ()) for shape in channels.shapes]
        return contract(channels, *self._letters(ranks))


def dense_of(equation: str, data: int, shapes: Sequence[Dims]) -> Dense | None:
    """The dense layer that an Einstein sum of data and a matrix is; None: it is none.

    Args:
        equation: In explicit form.
        data: Which of the two operands the data is.
        shapes: Of both: a dense layer repeats neither along what it sums, as an Einstein sum may.
    """
    terms, result = equation.split("->")
    given, *others = terms.split(",")[:: 1 if data == 0 else -1]
    if len(others) != 1 or len(others[0]) != 2 or not given[-1:].isalpha():
        return None
    (matrix,) = others
    made = matrix.replace(given[-1], "")
    if len(made) != 1 or made in given or result != given[:-1] + made:
        return None
    layer = Dense(weight_out=matrix.index(made), weight_in=matrix.index(given[-1]))
    read, weights = shapes[data], shapes[1 - data]
    fits = len(read) > 1 and len(weights) == 2 and read[-1] == weights[layer.weight_in]
    return layer if fits else None


def explicit(equation: str) -> str:
    """An Einstein sum that says what its result is: without one, all letters that occur once.

    Raises:
        GraphError: It is none.
    """
    equation = equation.replace(" ", "")
    if "->" not in equation:
        letters = equation.replace(",", "").replace("...", "")
        once = sorted(letter for letter in set(letters) if letters.count(letter) == 1)
        equation = f"{equation}->{'...' if '...' in equation else ''}{''.join(once)}"
    read, result, *more = equation.split("->")
    for term in (*read.split(","), result, *more):
        letters = term.replace("...", "", 1)
        if more or (letters and not (letters.isascii() and letters.isalpha())):
            raise GraphError(
                f"{equation!r} is no Einstein sum: operands are letters, with one '...' at the"
                " most, and one result follows '->'"
            )
    kept = result.replace("...", "")
    wrong = sorted(x for x in set(kept) if x not in read or kept.count(x) > 1)
    if wrong or ("..." in result and "..." not in read):
        named = f"{wrong[0]!r}" if wrong else "'...'"
        raise GraphError(
            f"{equation!r}: its result has {named}, which has to be in an operand, and once only"
        )
    return equation
