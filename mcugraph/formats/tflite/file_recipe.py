"""A TFLite model made anew of pieces of another one: tensors cut along an axis, operators copied.

The plain data says what is to become of a file, whoever does it: here to what was read of a file,
in ``rebuilding`` to the file itself.
"""

from collections.abc import Mapping
from math import prod

import numpy as np

from mcugraph.formats.tflite.fields import encode
from mcugraph.formats.tflite.model import TfliteModel, TfliteOperator, TfliteSubgraph, TfliteTensor
from mcugraph.ir import DType, Shape
from mcugraph.ir.names import Names
from mcugraph.records import dataclass, replace

_LONGEST = 24  # letters of an old name in a new one


@dataclass(frozen=True, slots=True)
class Piece:
    """A tensor that is what another one is from one place to another along an axis.

    Attributes:
        tensor: The other one, by its number in the file.
        axis: From 0 on.
        start, stop: The first element along it, and the first that is left out.
    """

    tensor: int
    axis: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Restated:
    """A constant of integers like another one, with other values.

    Attributes:
        tensor: The other one, by its number in the file.
        values: As many as that has.
    """

    tensor: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Like:
    """A tensor that operators compute, like another one but for its shape.

    Attributes:
        tensor: The other one, by its number in the file.
        shape: As long as that of the other one.
        said: Tells it from others like it, in its name.
    """

    tensor: int
    shape: Shape
    said: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A constant of integers of 32 bits that no tensor of the file is like.

    Attributes:
        values: One after the other.
        name: Of the tensor, if no other has it.
    """

    values: tuple[int, ...]
    name: str


New = Piece | Restated | Like | Listed


@dataclass(frozen=True, slots=True)
class Copied:
    """An operator like one of the file.

    Attributes:
        operator: That one, by its number in the file.
        inputs, outputs: Tensors by their new numbers; -1: left out.
        options: Numbers in its options that differ: field and value.
        shape: The shape that its options state, if that differs.
    """

    operator: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: tuple[tuple[int, int], ...] = ()
    shape: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """A CONCATENATION.

    Attributes:
        inputs: Tensors by their new numbers.
        output: The tensor that they make.
        axis: Along which they lie in it.
        operator: The one of the file that it completes, by number.
    """

    inputs: tuple[int, ...]
    output: int
    axis: int
    operator: int


@dataclass(frozen=True, slots=True)
class Sliced:
    """A SLICE.

    Attributes:
        inputs: What it is of, where it begins and how long it is along each axis; tensors by
            their new numbers.
        output: The tensor that it makes.
        ranges: The first element along each axis, and the first that is left out.
        operator: The one of the file that it is there for, by number.
    """

    inputs: tuple[int, int, int]
    output: int
    ranges: tuple[tuple[int, int], ...]
    operator: int


Entry = Copied | Joined | Sliced


@dataclass(frozen=True, slots=True)
class FileRecipe:
    """What the first subgraph becomes.

    Attributes:
        tensors: By number, those that are new; all others are what they were. Numbers behind
            those of the file follow one another.
        operators: All of them, in their new order.
    """

    tensors: Mapping[int, New]
    operators: tuple[Entry, ...]


def remade(model: TfliteModel, recipe: FileRecipe) -> TfliteModel:
    """What will be read of the file that a recipe makes; values of new constants are left out.

    A memory plan that the file brings along does not fit any more, so there is none.
    """
    main = model.subgraphs[0]
    names = Names()
    for tensor in main.tensors:
        names.unique(tensor.name)
    tensors = list(main.tensors)
    tensors += [tensors[0]] * (len({*range(len(tensors)), *recipe.tensors}) - len(tensors))
    for number, new in recipe.tensors.items():
        tensors[number] = _made(main, new, names)
    operators = tuple(_operator(main, entry, tensors) for entry in recipe.operators)
    first = TfliteSubgraph(
        tuple(tensors),
        operators,
        main.inputs,
        main.outputs,
        main.name,
        {tensor.name: number for number, tensor in enumerate(tensors)},
    )
    return replace(
        model,
        subgraphs=(first, *model.subgraphs[1:]),
        offsets=None,
        misfit=None,
        nbytes=0,
        planned_for="",
    )


def valued(model: TfliteModel, recipe: FileRecipe) -> TfliteModel:
    """What ``remade`` says, and the values of new constants.

    Args:
        model: With the values of its constants.
        recipe: What it becomes.
    """
    made = remade(model, recipe)
    old, first = model.subgraphs[0].tensors, made.subgraphs[0]
    tensors = list(first.tensors)
    for number, new in recipe.tensors.items():
        data = None
        if isinstance(new, Listed):
            data = listed_bytes(new)
        elif isinstance(new, Restated):
            data = restated_bytes(old[new.tensor], new)
        elif isinstance(new, Piece) and old[new.tensor].constant:
            data = piece_bytes(old[new.tensor], new)
        if data is not None:
            tensors[number] = replace(tensors[number], data=memoryview(data))
    return replace(made, subgraphs=(replace(first, tensors=tuple(tensors)), *made.subgraphs[1:]))


def _made(main: TfliteSubgraph, new: New, names: Names) -> TfliteTensor:
    """A new tensor; values of constants are left out."""
    if isinstance(new, Listed):
        name = names.unique(new.name)
        return TfliteTensor(DType.INT32, (len(new.values),), name, constant=True)
    old = main.tensors[new.tensor]
    tensor = old
    if isinstance(new, Piece):
        tensor = _cut(old, new)
    elif isinstance(new, Like):
        tensor = replace(old, shape=new.shape, signature=new.shape if old.signature else ())
    name = names.unique(_called(old, new))
    return replace(tensor, name=name, buffer=0, place=0, data=None)


def _called(old: TfliteTensor, new: Piece | Restated | Like) -> str:
    """A name, short as it is in the file once a slice: converters write whole paths, and lists."""
    if isinstance(new, Like):
        said = new.said
    else:
        numbers = (new.start, new.stop) if isinstance(new, Piece) else new.values
        said = "_".join(map(str, numbers))
    first = old.name.partition(";")[0].rpartition("/")[2][:_LONGEST]
    return f"{first}_{said}"


def _operator(main: TfliteSubgraph, entry: Entry, tensors: list[TfliteTensor]) -> TfliteOperator:
    if not isinstance(entry, Copied):
        native = "CONCATENATION" if isinstance(entry, Joined) else "SLICE"
        name = tensors[entry.output].name
        return TfliteOperator(native, entry.inputs, (entry.output,), name, (name,))
    old = main.operators[entry.operator]
    if (entry.inputs, entry.outputs) == (old.inputs, old.outputs):
        return old
    results = tuple(tensors[t].name for t in entry.outputs)
    return replace(
        old, inputs=entry.inputs, outputs=entry.outputs, name=results[0], results=results
    )


def _cut(tensor: TfliteTensor, piece: Piece) -> TfliteTensor:
    def along(dims: tuple[int, ...]) -> tuple[int, ...]:
        return (*dims[: piece.axis], piece.stop - piece.start, *dims[piece.axis + 1 :])

    def kept(count: int) -> int:
        return piece.stop - piece.start if lies_along(tensor, piece, count) else count

    return replace(
        tensor,
        shape=along(tensor.shape),
        signature=along(tensor.signature) if tensor.signature else (),
        scales=kept(tensor.scales),
        zero_points=kept(tensor.zero_points),
        scale_values=_values(tensor, piece, tensor.scale_values),
        zero_point_values=_values(tensor, piece, tensor.zero_point_values),
    )


def _values(tensor: TfliteTensor, piece: Piece, values: np.ndarray | None) -> np.ndarray | None:
    if values is None or not lies_along(tensor, piece, len(values)):
        return values
    return values[piece.start : piece.stop]


def lies_along(tensor: TfliteTensor, piece: Piece, count: int) -> bool:
    """Whether so many quantisation parameters are one for each element along a piece's axis.

    A bias has one axis, whatever the file says: converters write that of the weights.
    """
    along = tensor.axis == piece.axis or len(tensor.shape) == 1
    return count > 1 and along and count == tensor.shape[piece.axis]


def piece_bytes(tensor: TfliteTensor, piece: Piece) -> bytes:
    """The value of a piece of a constant whose bytes are at hand.

    Elements of less than a byte are packed from the lowest bits on, the last byte filled up.

    Raises:
        ValueError: The constant has fewer bytes than its shape says, or none.
    """
    data = np.frombuffer(tensor.data if tensor.data is not None else b"", np.uint8)
    bits, length = tensor.dtype.bits, tensor.shape[piece.axis]
    outer, inner = prod(tensor.shape[: piece.axis]), prod(tensor.shape[piece.axis + 1 :])
    if bits % 8:
        elements = np.unpackbits(data, bitorder="little")[: bits * tensor.elements]
        taken = elements.reshape(outer, length, bits * inner)[:, piece.start : piece.stop]
        return np.packbits(taken.ravel(), bitorder="little").tobytes()
    elements = data[: tensor.nbytes].reshape(outer, length, inner * bits // 8)
    return elements[:, piece.start : piece.stop].tobytes()


def listed_bytes(new: Listed) -> bytes:
    """The value of a constant that no other is like."""
    return encode(new.values, DType.INT32)


def restated_bytes(tensor: TfliteTensor, new: Restated) -> bytes:
    """The value of a constant with other values.

    Raises:
        ValueError: Its integers are neither of 32 nor of 64 bits.
    """
    if tensor.dtype not in (DType.INT32, DType.INT64):
        raise ValueError(f"values of type {tensor.dtype.label} are not stated anew")
    return encode(new.values, tensor.dtype)
