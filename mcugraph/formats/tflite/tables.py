"""The tables of a TFLite file, walked once."""

from collections.abc import Iterable, Sequence, Sized
from typing import Any

import numpy as np

from mcugraph.formats.tflite import reader
from mcugraph.formats.tflite.fields import DTYPES, called, native, variable_name
from mcugraph.formats.tflite.model import (
    TfliteModel,
    TfliteOperator,
    TfliteSubgraph,
    TfliteTensor,
)
from mcugraph.ir import Array, DType
from mcugraph.ir.names import Names

# Name of the metadata that holds a memory plan: version, subgraph, count, then the offsets
# (tensorflow/lite/micro/docs/memory_management.md).
PLAN = "OfflineMemoryAllocation"


def read_model(data: bytes) -> TfliteModel:
    """What a file holds.

    Raises:
        Damage: It contradicts itself.
    """
    from tflite.Model import Model

    return _Walk(data, Model.GetRootAs(data, 0)).model()


class _Walk:
    """What all subgraphs of one file share: operator codes and buffers."""

    def __init__(self, data: bytes, root: Any) -> None:
        self.data, self.root = memoryview(data), root
        self.codes = [native(code) for code in self._tables(root, "OperatorCodes")]
        self.buffers = self._tables(root, "Buffers")
        self.contents: dict[int, memoryview | None] = {}

    def _tables(self, parent: Any, name: str) -> list[Any]:
        return reader.tables(parent, name, len(self.data))

    def model(self) -> TfliteModel:
        names, parts = Names(), self._tables(self.root, "Subgraphs")
        subgraphs = []
        for i, table in enumerate(parts):
            name = reader.text(table.Name()) or ("main" if not i else f"subgraph_{i}")
            subgraphs.append(self._subgraph(table, names.unique(name), parts))
        metadata = self._tables(self.root, "Metadata")
        count = sum(len(graph.tensors) for graph in subgraphs)
        signatures = self._tables(self.root, "SignatureDefs")
        offsets = self._offsets(metadata)
        fits = offsets is None or len(offsets) == count
        return TfliteModel(
            tuple(subgraphs),
            offsets if fits else None,
            None if offsets is None or fits else len(offsets),
            {reader.text(s.SignatureKey()): int(s.SubgraphIndex()) for s in signatures},
            tuple(reader.text(entry.Name()) for entry in metadata),
            len(self.data),
        )

    def _subgraph(self, table: Any, name: str, parts: Sized) -> TfliteSubgraph:
        names = Names()
        tensors = tuple(
            self._tensor(raw, names.unique(reader.text(raw.Name()) or f"tensor_{i}"))
            for i, raw in enumerate(self._tables(table, "Tensors"))
        )
        inputs = tuple(reader.numbers(table, "Inputs"))
        outputs = tuple(reader.numbers(table, "Outputs"))
        _within("the graph", "tensor", (*inputs, *outputs), tensors)
        held = _Held(names, [tensor.name for tensor in tensors], set(inputs))
        operators = tuple(
            self._operator(raw, i, held, parts)
            for i, raw in enumerate(self._tables(table, "Operators"))
        )
        return TfliteSubgraph(tensors, operators, inputs, outputs, name, held.index)

    def _operator(self, raw: Any, index: int, held: "_Held", parts: Sized) -> TfliteOperator:
        code = self.codes[raw.OpcodeIndex()]
        inputs, outputs = reader.numbers(raw, "Inputs"), reader.numbers(raw, "Outputs")
        inputs = [max(i, -1) for i in inputs]
        bodies = called(raw, code)
        _within(code, "tensor", (*(i for i in inputs if i >= 0), *outputs), held.names)
        _within(code, "subgraph", bodies, parts)
        first = held.names[outputs[0]] if outputs else f"{code}_{index}"
        return TfliteOperator(
            native=code,
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            name=held.operators.unique(first),
            results=held.written(outputs),
            bodies=bodies,
            custom=reader.custom_options(raw),
            variable=variable_name(raw, code),
            table=raw,
        )

    def _tensor(self, raw: Any, name: str) -> TfliteTensor:
        number, table = raw.Type(), raw.Quantization()
        shape = tuple(reader.numbers(raw, "Shape"))
        if min(shape, default=0) < 0:
            raise reader.Damage(f"tensor {name!r} has the shape {shape}")
        data = self._content(raw.Buffer())
        return TfliteTensor(
            dtype=DTYPES[number] if number < len(DTYPES) else DType.UNKNOWN,
            shape=shape,
            name=name,
            constant=data is not None,
            variable=bool(raw.IsVariable()),
            scales=0 if table is None else table.ScaleLength(),
            zero_points=0 if table is None else table.ZeroPointLength(),
            axis=0 if table is None else table.QuantizedDimension(),
            signature=tuple(reader.numbers(raw, "ShapeSignature")),
            declared=not raw.ShapeIsNone(),
            ranked=bool(raw.HasRank()),
            sparse=raw.Sparsity() is not None,
            buffer=raw.Buffer(),
            data=data,
            scale_values=_array(table, "Scale"),
            zero_point_values=_array(table, "ZeroPoint"),
        )

    def _content(self, index: int) -> memoryview | None:
        """The bytes of a buffer; None where there are none."""
        if not index:  # by convention buffer 0 is empty, even where there is none
            return None
        if index not in self.contents:
            self.contents[index] = self._stored(self.buffers[index], index)
        return self.contents[index]

    def _stored(self, buffer: Any, index: int) -> memoryview | None:
        if buffer.Offset() > 1:  # stored behind the flatbuffer, for files of over 2 GiB
            start, stop = buffer.Offset(), buffer.Offset() + buffer.Size()
            if stop > len(self.data):
                raise reader.Damage(f"buffer {index} ends behind the file")
            return self.data[start:stop]
        content = _array(buffer, "Data")
        return None if content is None or not content.size else content.data

    def _offsets(self, metadata: Sequence[Any]) -> tuple[int, ...] | None:
        """The memory plan that the file brings along; None where it has none."""
        plans = [entry for entry in metadata if reader.text(entry.Name()) == PLAN]
        if not plans:
            return None
        data = self._content(plans[0].Buffer()) or memoryview(b"")
        # Version, subgraph, how many offsets there are, and the offsets.
        count = sum(_words(data[8:12]))
        return _words(data[12:])[: max(count, 0)]


class _Held:
    """Names of the values that the tensors of one subgraph hold while its operators run.

    A tensor that is written once more holds another value, which gets a name of its own.
    """

    def __init__(self, unique: Names, names: list[str], filled: set[int]) -> None:
        self.operators = Names()
        self.names, self.index = names, {name: i for i, name in enumerate(names)}
        self._unique, self._filled = unique, filled

    def written(self, outputs: Sequence[int]) -> tuple[str, ...]:
        """The names of what an operator writes."""
        for i in outputs:
            if i in self._filled:
                self.names[i] = self._unique.unique(self.names[i])
                self.index[self.names[i]] = i
            self._filled.add(i)
        return tuple(self.names[i] for i in outputs)


def _within(who: str, what: str, numbers: Iterable[int], of: Sized) -> None:
    """Check that what is named by number is there."""
    for number in numbers:
        if not 0 <= number < len(of):
            raise reader.Damage(f"{who} names {what} {number}, of {len(of)}")


def _array(table: Any, name: str) -> Array | None:
    """A vector of numbers where it lies in the file; None where it is left out.

    Raises:
        ValueError: It reaches behind the end of the file.
    """
    values = None if table is None else getattr(table, f"{name}AsNumpy")()
    return values if isinstance(values, np.ndarray) else None


def _words(data: memoryview) -> tuple[int, ...]:
    """Numbers of 32 bits."""
    words: list[int] = np.frombuffer(data[: data.nbytes // 4 * 4], "<i4").tolist()
    return tuple(words)
