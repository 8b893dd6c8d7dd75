"""The tables of a TFLite file, walked once."""

from collections.abc import Iterable, Sequence, Sized
from itertools import pairwise
from typing import Any

import numpy as np

from mcugraph.formats.load_limits import DEFAULT_LIMITS, LoadLimits
from mcugraph.formats.tflite import reader
from mcugraph.formats.tflite.fields import DTYPES, called, native, variable_name
from mcugraph.formats.tflite.model import (
    TfliteModel,
    TfliteOperator,
    TfliteSubgraph,
    TfliteTensor,
)
from mcugraph.ir import Array, DType, Shape
from mcugraph.ir.names import Names

# Name of the metadata that holds a memory plan: version, subgraph, count, then the offsets
# (tensorflow/lite/micro/docs/memory_management.md).
PLAN = "OfflineMemoryAllocation"


def read_model(data: bytes, path: str = "", limits: LoadLimits = DEFAULT_LIMITS) -> TfliteModel:
    """What a file holds.

    Args:
        data: All of the file.
        path: Named where it exceeds a limit.
        limits: How much it may list.

    Raises:
        Damage: It contradicts itself.
        FormatError: It exceeds a limit.
    """
    from tflite.Model import Model

    return _Walk(data, Model.GetRootAs(data, 0), path, limits).model()


class _Walk:
    """What all subgraphs of one file share: operator codes and buffers."""

    def __init__(self, data: bytes, root: Any, path: str, limits: LoadLimits) -> None:
        self.data, self.root = memoryview(data), root
        self.path, self.limits, self.entries, self.operators = path, limits, 0, 0
        self.owned: set[int] = set()  # where tables lie that one vector lists, and once
        self.quantization = 0  # bytes of scales and zero points
        self.spans: dict[int, tuple[int, int]] = {}  # buffer -> where its bytes lie
        self.codes = [native(code) for code in self._tables(root, "OperatorCodes")]
        self.buffers = self._tables(root, "Buffers")

    def _tables(self, parent: Any, name: str) -> list[Any]:
        found = reader.tables(parent, name, len(self.data))
        self._listed(len(found))
        return found

    def _own_tables(self, parent: Any, name: str) -> list[Any]:
        """Tables that nothing else lists, so that there are no more of them than the file holds."""
        found = self._tables(parent, name)
        for table in found:
            if table._tab.Pos in self.owned:
                raise reader.Damage(f"{name} lists what is listed elsewhere")
            self.owned.add(table._tab.Pos)
        return found

    def _numbers(self, parent: Any, name: str) -> list[int]:
        found = reader.numbers(parent, name)
        self._listed(len(found))
        return found

    def _listed(self, entries: int) -> None:
        """Count what vectors list: several may lie in the same bytes, so the file is no bound."""
        self.entries += entries
        self.limits.hold("entries", f"{self.path}: entries of its vectors", self.entries)

    def model(self) -> TfliteModel:
        names, parts = Names(), self._own_tables(self.root, "Subgraphs")
        subgraphs = []
        for i, table in enumerate(parts):
            name = reader.text(table.Name()) or ("main" if not i else f"subgraph_{i}")
            subgraphs.append(self._subgraph(table, names.unique(name), parts))
        self._check_apart()
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
            for i, raw in enumerate(self._own_tables(table, "Tensors"))
        )
        inputs = tuple(self._numbers(table, "Inputs"))
        outputs = tuple(self._numbers(table, "Outputs"))
        _within("the graph", "tensor", (*inputs, *outputs), tensors)
        held = _Held(names, [tensor.name for tensor in tensors], set(inputs))
        listed = self._own_tables(table, "Operators")
        self.operators += len(listed)
        self.limits.hold("operators", f"{self.path}: operators", self.operators)
        operators = tuple(self._operator(raw, i, held, parts) for i, raw in enumerate(listed))
        return TfliteSubgraph(tensors, operators, inputs, outputs, name, held.index)

    def _operator(self, raw: Any, index: int, held: "_Held", parts: Sized) -> TfliteOperator:
        code = self.codes[raw.OpcodeIndex()]
        inputs, outputs = self._numbers(raw, "Inputs"), self._numbers(raw, "Outputs")
        inputs = [max(i, -1) for i in inputs]
        bodies = called(raw, code)
        if len(set(outputs)) < len(outputs):
            raise reader.Damage(f"{code} writes a tensor twice at once")
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
        shape = tuple(self._numbers(raw, "Shape"))
        if min(shape, default=0) < 0:
            raise reader.Damage(f"tensor {name!r} has the shape {shape}")
        signature = tuple(self._numbers(raw, "ShapeSignature"))
        _check_signature(name, shape, signature)
        data = self._content(raw.Buffer())
        scales = 0 if table is None else table.ScaleLength()
        zero_points = 0 if table is None else table.ZeroPointLength()
        self.quantization += 4 * scales + 8 * zero_points
        return TfliteTensor(
            dtype=DTYPES[number] if number < len(DTYPES) else DType.UNKNOWN,
            shape=shape,
            name=name,
            constant=data is not None,
            variable=bool(raw.IsVariable()),
            scales=scales,
            zero_points=zero_points,
            axis=0 if table is None else table.QuantizedDimension(),
            signature=signature,
            declared=not raw.ShapeIsNone(),
            ranked=bool(raw.HasRank()),
            sparse=raw.Sparsity() is not None,
            buffer=raw.Buffer(),
            place=self.spans.get(raw.Buffer(), (0, 0))[0],
            data=data,
            scale_values=_array(table, "Scale"),
            zero_point_values=_array(table, "ZeroPoint"),
        )

    def _content(self, index: int) -> memoryview | None:
        """The bytes of a buffer; None where there are none."""
        if not index:  # by convention buffer 0 is empty, even where there is none
            return None
        if index not in self.spans:
            self.spans[index] = reader.content(self.buffers[index], len(self.data))
        start, stop = self.spans[index]
        return self.data[start:stop] if start < stop else None

    def _check_apart(self) -> None:
        """Buffers lie apart, or one in the place of another: else the file counts bytes twice."""
        found = sorted((span, index) for index, span in self.spans.items() if span[0] < span[1])
        for (one, first), (other, second) in pairwise(found):
            if one[1] > other[0] and one != other:
                raise reader.Damage(f"buffers {first} and {second} overlap")
        stored = sum(stop - start for start, stop in {span for span, _ in found})
        if stored + self.quantization > len(self.data):
            raise reader.Damage("its buffers and quantisation parameters take more than the file")

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


def _check_signature(name: str, shape: Shape, signature: Shape) -> None:
    """A signature is the shape, with -1 for what is dynamic."""
    if not signature:
        return
    said = f"tensor {name!r} has the shape {shape} and the signature {signature}"
    if min(signature) < -1 or len(signature) != len(shape):
        raise reader.Damage(said)
    if any(dim not in (-1, length) for dim, length in zip(signature, shape, strict=True)):
        raise reader.Damage(said)


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
