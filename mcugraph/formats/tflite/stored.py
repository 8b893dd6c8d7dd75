"""The tables of a TFLite file as nodes, which can be changed and written again.

Which fields of which tables are references is all that has to be known for that; options of
operators hold numbers only, but for a few.

Source: tensorflow/compiler/mlir/lite/schema/schema.fbs.
"""

from collections.abc import Mapping

from mcugraph.errors import FormatError
from mcugraph.formats.tflite import associated, reader
from mcugraph.formats.tflite.flatbuffer import Flatbuffer, Table, Tables, Values, written
from mcugraph.formats.tflite.table_views import Damage
from mcugraph.records import dataclass

# Fields of the tables, by their number in the schema.
OPERATOR_CODES, SUBGRAPHS, BUFFERS, METADATA_BUFFERS, METADATA = 1, 2, 4, 5, 6
CODE, CODE_VERSION, BUILTIN_CODE = 0, 2, 3
TENSORS, OPERATORS = 0, 3
SHAPE, TYPE, BUFFER, NAME, QUANTIZATION, SHAPE_SIGNATURE = 0, 1, 2, 3, 4, 7
MINIMA, MAXIMA, SCALES, ZERO_POINTS = 0, 1, 2, 3
OPERATOR_CODE, INPUTS, OUTPUTS, OPTIONS_TYPE, OPTIONS, OPTIONS_BEHIND = 0, 1, 2, 3, 4, 9
DATA, DATA_BEHIND = 0, 1
METADATA_NAME, METADATA_BUFFER = 0, 1

_TEXT = "text"
_ALIGNMENT = 16  # of the bytes of a buffer


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a table holds.

    Attributes:
        known: How many fields it has; a file with more of them is newer than this.
        references: By field, the width of the numbers of a vector, ``"text"``, the table that it
            refers to, or, in a tuple, that whose instances it lists.
        refused: Fields that nothing here reads through, and what they would be.
    """

    known: int
    references: Mapping[int, int | str | tuple[str]]
    refused: Mapping[int, str]


_TABLES = {
    "Model": _Kind(
        8,
        {
            OPERATOR_CODES: ("OperatorCode",),
            SUBGRAPHS: ("SubGraph",),
            3: _TEXT,
            BUFFERS: ("Buffer",),
            METADATA_BUFFERS: 4,
            METADATA: ("Metadata",),
            7: ("SignatureDef",),
        },
        {},
    ),
    "OperatorCode": _Kind(4, {1: _TEXT}, {}),
    "SubGraph": _Kind(
        6, {TENSORS: ("Tensor",), 1: 4, 2: 4, OPERATORS: ("Operator",), 4: _TEXT}, {}
    ),
    "Tensor": _Kind(
        10,
        {SHAPE: 4, NAME: _TEXT, QUANTIZATION: "QuantizationParameters", SHAPE_SIGNATURE: 4},
        {6: "sparse tensors", 9: "variant tensors"},
    ),
    "QuantizationParameters": _Kind(
        7,
        {MINIMA: 4, MAXIMA: 4, SCALES: 4, ZERO_POINTS: 8},
        {5: "quantisation other than by scales and zero points"},
    ),
    "Operator": _Kind(
        14,
        {INPUTS: 4, OUTPUTS: 4, OPTIONS: "options", 5: 1, 7: 1, 8: 4},
        {12: "operators with options of the second kind"},
    ),
    "Buffer": _Kind(3, {DATA: 1}, {}),
    "Metadata": _Kind(2, {METADATA_NAME: _TEXT}, {}),
    "SignatureDef": _Kind(5, {0: ("TensorMap",), 1: ("TensorMap",), 2: _TEXT, 3: _TEXT}, {}),
    "TensorMap": _Kind(2, {0: _TEXT}, {}),
}
# References in the options of operators, by the number of their table in the union.
_IN_OPTIONS: dict[int, dict[int, int | str | tuple[str]]] = {
    3: {1: 4, 2: 4},  # ConcatEmbeddingsOptions
    17: {0: 4},  # ReshapeOptions
    30: {0: 4},  # SqueezeOptions
    111: {0: _TEXT, 1: _TEXT},  # VarHandleOptions
    115: {0: 4},  # BucketizeOptions
}
# Fields of 64 bits: where in the file what lies behind the flatbuffer is, and how long it is.
_BEHIND = {
    "Buffer": (DATA_BEHIND, DATA_BEHIND + 1),
    "Operator": (OPTIONS_BEHIND, OPTIONS_BEHIND + 1),
}


def opened(path: str, data: bytes) -> Table:
    """The root table of a file.

    Args:
        path: Named in errors.
        data: The file, which was read without a complaint.

    Raises:
        FormatError: It is damaged, or holds what is not known to survive a rewriting.
    """
    with reader.guarded(path):
        return _File(path, data).model()


def closed(root: Table, data: bytes) -> bytes:
    """The file of a root table, with the associated files of the one that it was made of."""
    flatbuffer = written(root)
    begin = associated.start(data)
    if begin == len(data):
        return flatbuffer
    return flatbuffer + associated.shifted(data, len(flatbuffer) - begin)[begin:]


class _File(Flatbuffer):
    """A file, each place of which becomes one node.

    Attributes:
        end: Where the last thing ends that was come across.
    """

    def __init__(self, path: str, data: bytes) -> None:
        super().__init__(data)
        self.path, self.content, self.end = path, data, 0
        self._values: dict[tuple[int, int | str], Values] = {}

    def model(self) -> Table:
        """All of it.

        Raises:
            FormatError: Something lies behind it that would be left behind.
        """
        root = self.table(self.root, "Model")
        rest = self.content[self.end : associated.start(self.content)]
        if len(rest) >= _ALIGNMENT and rest.strip(b"\0"):  # less is what builders leave over
            raise self._refusal("data behind its tables")
        return root

    def table(self, at: int, name: str, options: int = 0) -> Table:
        """The table at a position; ``options`` tells which table it is if it is that of options."""
        vtable = self.vtable(at)
        sizes = self.content[vtable : vtable + 4]
        end = vtable + int.from_bytes(sizes[:2], "little")
        length = int.from_bytes(sizes[2:], "little")
        self.end = max(self.end, end, at + length)
        table = Table(self.content[vtable:end], self.content[at : at + length])
        references: Mapping[int, int | str | tuple[str]] = _IN_OPTIONS.get(options, {})
        if name != "options":
            self._check(table, name)
            references = _TABLES[name].references
        if name == "options" or any(map(table.place, _BEHIND.get(name, ()))):
            table.step, table.phase = 8, at % 8
        if name == "Operator":
            options = table.number(OPTIONS_TYPE, "<B")
        for number, kind in references.items():
            target = self.target(at, number)
            if not target:
                continue
            if isinstance(kind, tuple):
                self.end = max(self.end, target + 4 + 4 * self.u32(target))
                parts = [self.table(place, kind[0]) for place in self.tables(at, number)]
                table.targets[number] = Tables(parts)
            elif isinstance(kind, int) or kind == _TEXT:
                table.targets[number] = self._vector(target, kind, name)
            else:
                table.targets[number] = self.table(target, kind, options)
        return table

    def _vector(self, at: int, kind: int | str, owner: str) -> Values:
        """Numbers or a string; what several refer to is one node."""
        if (at, kind) not in self._values:
            width, nul = (kind, b"") if isinstance(kind, int) else (1, b"\0")
            end = at + 4 + width * self.u32(at)
            if end > len(self.content):
                raise Damage("a vector ends behind the file")
            self.end = max(self.end, end + len(nul))
            alignment = _ALIGNMENT if owner == "Buffer" else width
            self._values[at, kind] = Values(self.content[at + 4 : end], width, alignment, nul)
        return self._values[at, kind]

    def _check(self, table: Table, name: str) -> None:
        """Refuse what is newer than this, or what would be left behind."""
        kind = _TABLES[name]
        if any(table.place(number) for number in range(kind.known, (len(table.vtable) - 4) // 2)):
            raise self._refusal("fields that are newer than this")
        for number, what in kind.refused.items():
            if table.place(number):
                raise self._refusal(what)
        if name in _BEHIND and table.number(_BEHIND[name][0], "<Q") > 1:
            raise self._refusal("data behind its tables")

    def _refusal(self, what: str) -> FormatError:
        return FormatError(f"{self.path}: the file holds {what}, so it cannot be taken apart")
