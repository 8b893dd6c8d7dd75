"""A TFLite file made anew by a recipe: constants are cut, and what nothing uses any more goes."""

import struct
from collections import Counter
from collections.abc import Iterable

from mcugraph.errors import McuGraphError
from mcugraph.formats.tflite import reader, stored
from mcugraph.formats.tflite.fields import DTYPES
from mcugraph.formats.tflite.file_recipe import (
    Copied,
    FileRecipe,
    Joined,
    Like,
    Listed,
    Piece,
    Restated,
    Sliced,
    lies_along,
    listed_bytes,
    piece_bytes,
    remade,
    restated_bytes,
)
from mcugraph.formats.tflite.flatbuffer import Table, Tables, Values, decoded
from mcugraph.formats.tflite.model import TfliteModel, TfliteTensor
from mcugraph.formats.tflite.tables import PLAN, PLANNED_FOR, read_model
from mcugraph.formats.tflite.tflite_schema import OPERATOR_NAMES
from mcugraph.ir import DType

_CONCATENATION, _SLICE = map(OPERATOR_NAMES.index, ("CONCATENATION", "SLICE"))
_CONCATENATION_OPTIONS = 10
# The first version of an operator that takes a type; all others have been there from the start.
_VERSIONS = {
    _CONCATENATION: {DType.INT8: 2, DType.INT16: 3},
    _SLICE: {DType.INT8: 2, DType.INT16: 4, DType.BOOL: 3},
}
_WIDTHS = {stored.MINIMA: 4, stored.MAXIMA: 4, stored.SCALES: 4, stored.ZERO_POINTS: 8}


def rebuilt(path: str, data: bytes, model: TfliteModel, recipe: FileRecipe) -> bytes:
    """The file that a recipe makes of another one.

    Constants that are cut are stored once, equal ones together; the whole ones go with their last
    user. A memory plan goes too, since it counts other tensors. The new file is read again and
    held against the recipe.

    Args:
        path: Named in errors.
        data: The file.
        model: What was read of it.
        recipe: What it becomes.

    Raises:
        FormatError: The file is damaged, or holds what is not known to survive this.
        McuGraphError: The new file is not what the recipe says.
    """
    root = stored.opened(path, data)
    wanted = remade(model, recipe)
    with reader.guarded(path):
        _Rebuilding(root, model, wanted).carry_out(recipe)
        made = stored.closed(root, data)
        if _likeness(read_model(made, path)) != _likeness(wanted):
            raise McuGraphError(f"{path}: the new file came out otherwise; nothing is written")
    return made


def _likeness(model: TfliteModel) -> object:
    """What has to be the same in two files whose constants lie elsewhere."""
    return (
        [
            (
                [_described(tensor) for tensor in graph.tensors],
                [(op.native, op.inputs, op.outputs, op.bodies) for op in graph.operators],
                (graph.inputs, graph.outputs),
            )
            for graph in model.subgraphs
        ],
        dict(model.signatures),
    )


def _described(tensor: TfliteTensor) -> tuple[object, ...]:
    parameters = (tensor.scale_values, tensor.zero_point_values)
    return (
        tensor.dtype,
        tensor.shape,
        tensor.signature,
        tensor.constant,
        tensor.variable,
        tensor.axis,
        *(None if values is None else values.tobytes() for values in parameters),
    )


class _Rebuilding:
    """The tables of a file on their way to another one."""

    def __init__(self, root: Table, model: TfliteModel, wanted: TfliteModel) -> None:
        self.root, self.model, self.wanted = root, model, wanted
        self.main = root.tables(stored.SUBGRAPHS)[0]
        self._lists: dict[tuple[int, ...], Values] = {}

    def carry_out(self, recipe: FileRecipe) -> None:
        tensors = self.main.tables(stored.TENSORS)
        old = list(tensors)
        tensors += [old[0]] * (len(self.wanted.subgraphs[0].tensors) - len(old))
        values: dict[int, bytes] = {}
        for number, new in recipe.tensors.items():
            if isinstance(new, Listed):
                tensors[number] = self._listed(number)
                values[number] = listed_bytes(new)
                continue
            tensor = self.model.subgraphs[0].tensors[new.tensor]
            tensors[number] = self._tensor(old[new.tensor], tensor, number, new)
            if isinstance(new, Restated):
                values[number] = restated_bytes(tensor, new)
            elif isinstance(new, Piece) and tensor.constant:
                values[number] = piece_bytes(tensor, new)
        self._drop_plan()
        self._store(tensors, values)
        operators = list(self.main.tables(stored.OPERATORS))
        self.main.targets[stored.OPERATORS] = Tables(
            [
                _copied(operators, entry) if isinstance(entry, Copied) else self._added(entry)
                for entry in recipe.operators
            ]
        )

    def _listed(self, number: int) -> Table:
        wanted = self.wanted.subgraphs[0].tensors[number]
        return Table.made(
            {
                stored.SHAPE: self._ints(wanted.shape),
                stored.TYPE: bytes([DTYPES.index(DType.INT32)]),
                stored.BUFFER: struct.pack("<I", 0),
                stored.NAME: Values.text(wanted.name),
            }
        )

    def _tensor(
        self, table: Table, old: TfliteTensor, number: int, new: Piece | Restated | Like
    ) -> Table:
        made, wanted = table.copy(), self.wanted.subgraphs[0].tensors[number]
        if table.values(stored.NAME) is not None:
            made.targets[stored.NAME] = Values.text(wanted.name)
        if isinstance(new, Restated):
            return made
        made.targets[stored.SHAPE] = self._ints(wanted.shape)
        if table.values(stored.SHAPE_SIGNATURE) is not None:
            made.targets[stored.SHAPE_SIGNATURE] = self._ints(wanted.signature)
        quantization = table.table(stored.QUANTIZATION)
        if quantization is not None and isinstance(new, Piece):
            made.targets[stored.QUANTIZATION] = _cut(quantization, old, new)
        return made

    def _ints(self, numbers: tuple[int, ...]) -> Values:
        """A vector that all who need the same one share."""
        return self._lists.setdefault(numbers, Values.ints(numbers))

    def _drop_plan(self) -> None:
        """Leave out the plan, and what is said about it."""
        entries = self.root.tables(stored.METADATA)
        kept = [
            entry
            for entry in entries
            if _text(entry, stored.METADATA_NAME) not in (PLAN, PLANNED_FOR)
        ]
        if len(kept) < len(entries):
            self.root.targets[stored.METADATA] = Tables(kept)

    def _store(self, tensors: list[Table], values: dict[int, bytes]) -> None:
        """Give new constants buffers: first those that nothing uses any more."""
        buffers = self.root.tables(stored.BUFFERS)
        everywhere = [
            tensor
            for graph in self.root.tables(stored.SUBGRAPHS)
            for tensor in graph.tables(stored.TENSORS)
        ]
        fixed = [table for number, table in enumerate(tensors) if number not in values]
        elsewhere = everywhere[len(tensors) :]
        used = Counter(_buffers_of([*fixed, *elsewhere], stored.BUFFER))
        used.update(_buffers_of(self.root.tables(stored.METADATA), stored.METADATA_BUFFER))
        old_metadata = self.root.values(stored.METADATA_BUFFERS)
        used.update(() if old_metadata is None else old_metadata.numbers)
        spare = [n for n, buffer in enumerate(buffers) if n and not used[n] and buffer.values(0)]
        places: dict[bytes, int] = {}
        for number, value in values.items():
            if value not in places:
                content = Table.made({stored.DATA: Values(value, 1, 16)})
                places[value] = spare.pop(0) if spare else len(buffers)
                buffers[places[value] : places[value] + 1] = [content]
            tensors[number] = tensors[number].with_number(stored.BUFFER, places[value], "<I")
        for number in spare:
            buffers[number] = Table.made({})

    def _added(self, entry: Joined | Sliced) -> Table:
        native = _CONCATENATION if isinstance(entry, Joined) else _SLICE
        dtype = self.wanted.subgraphs[0].tensors[entry.output].dtype
        fields: dict[int, bytes | Values | Table | Tables] = {
            stored.OPERATOR_CODE: struct.pack(
                "<I", self._code(native, _VERSIONS[native].get(dtype, 1))
            ),
            stored.INPUTS: Values.ints(entry.inputs),
            stored.OUTPUTS: Values.ints((entry.output,)),
        }
        if isinstance(entry, Joined):
            fields[stored.OPTIONS_TYPE] = bytes([_CONCATENATION_OPTIONS])
            fields[stored.OPTIONS] = Table.made({0: struct.pack("<i", entry.axis)})
        return Table.made(fields)

    def _code(self, native: int, version: int) -> int:
        """The number of an operator code of this version or a later one."""
        codes = self.root.tables(stored.OPERATOR_CODES)
        for number, code in enumerate(codes):
            found = max(code.number(stored.CODE, "<b"), code.number(stored.BUILTIN_CODE))
            if found == native and code.number(stored.CODE_VERSION, default=1) >= version:
                return number
        codes.append(
            Table.made(
                {
                    stored.CODE: bytes([native]),
                    stored.CODE_VERSION: struct.pack("<i", version),
                    stored.BUILTIN_CODE: struct.pack("<i", native),
                }
            )
        )
        return len(codes) - 1


def _cut(quantization: Table, old: TfliteTensor, piece: Piece) -> Table:
    """The parameters of a piece, which are its own: what several tensors share counts once each."""
    made = quantization.copy()
    for field, width in _WIDTHS.items():
        values = quantization.values(field)
        if values is not None:
            data = values.data
            if lies_along(old, piece, len(data) // width):
                data = data[piece.start * width : piece.stop * width]
            made.targets[field] = Values(data, width, width)
    return made


def _copied(operators: list[Table], entry: Copied) -> Table:
    made = operators[entry.operator].copy()
    made.targets[stored.INPUTS] = Values.ints(entry.inputs)
    made.targets[stored.OUTPUTS] = Values.ints(entry.outputs)
    options = made.table(stored.OPTIONS)
    if options is not None:
        for field, value in entry.options:
            options = options.with_number(field, value)
        if entry.shape is not None and options.values(0) is not None:
            options = options.copy()
            options.targets[0] = Values.ints(entry.shape)
        made.targets[stored.OPTIONS] = options
    return made


def _buffers_of(tables: Iterable[Table], field: int) -> list[int]:
    return [table.number(field, "<I") for table in tables]


def _text(table: Table, field: int) -> str:
    values = table.values(field)
    return "" if values is None else decoded(values.data)
