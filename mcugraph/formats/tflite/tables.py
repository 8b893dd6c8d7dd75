"""The tables of a TFLite file, walked once."""

from collections.abc import Iterable, Sequence, Sized
from itertools import pairwise
from typing import Any, TypeVar

from mcugraph.formats.load_limits import DEFAULT_LIMITS, LoadLimits
from mcugraph.formats.tflite import reader
from mcugraph.formats.tflite.fields import DTYPES, called, native, variable_name
from mcugraph.formats.tflite.flatbuffer import Flatbuffer
from mcugraph.formats.tflite.model import (
    TfliteModel,
    TfliteOperator,
    TfliteSubgraph,
    TfliteTensor,
)
from mcugraph.formats.tflite.table_views import Damage
from mcugraph.formats.tflite.tflite_schema import table_class
from mcugraph.ir import DType, Shape
from mcugraph.ir.names import Names
from mcugraph.late_numpy import np

# Name of the metadata that holds a memory plan: version, subgraph, count, then the offsets
# (tensorflow/lite/micro/docs/memory_management.md).
PLAN = "OfflineMemoryAllocation"
# Name of the metadata that says which kernels that plan holds for, where outputs lie over inputs.
PLANNED_FOR = "mcugraph.plan.kernels"
# Name of the metadata that refers to operators by their number.
NUMBERED = "model_control_dependencies"

_Entries = TypeVar("_Entries", bound=Sized)


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
    return _Walk(Flatbuffer(data), path, limits).model()


class _Walk:
    """What all subgraphs of one file share: operator codes and buffers."""

    def __init__(self, file: Flatbuffer, path: str, limits: LoadLimits) -> None:
        self.data, self.root = memoryview(file.data), table_class("Model")(file, file.root)
        self.limits, self.entries, self.operators = limits, 0, 0
        self.counted = f"{path}: entries of its vectors", f"{path}: operators"
        self.owned: set[int] = set()  # where tables lie that one vector lists, and once
        self.quantization = 0  # bytes of scales and zero points
        self.spans: dict[int, tuple[int, int]] = {}  # buffer -> where its bytes lie
        self.codes = [native(code) for code in self._listed(self.root.operator_codes)]
        self.buffers = self._listed(self.root.buffers)

    def _own(self, name: str, found: list[Any]) -> list[Any]:
        """Tables that nothing else lists, so that there are no more of them than the file holds."""
        starts = {table.start for table in self._listed(found)}
        if len(starts) < len(found) or not self.owned.isdisjoint(starts):
            raise Damage(f"{name} lists what is listed elsewhere")
        self.owned |= starts
        return found

    def _listed(self, found: _Entries) -> _Entries:
        """Count what vectors list: several may lie in the same bytes, so the file is no bound."""
        self.entries += len(found)
        self.limits.hold("entries", self.counted[0], self.entries)
        return found

    def model(self) -> TfliteModel:
        names, parts = Names(), self._own("subgraphs", self.root.subgraphs)
        subgraphs = []
        for i, table in enumerate(parts):
            name = table.name or ("main" if not i else f"subgraph_{i}")
            subgraphs.append(self._subgraph(table, names.unique(name), parts))
        self._check_apart()
        metadata = self._listed(self.root.metadata)
        count = sum(len(graph.tensors) for graph in subgraphs)
        signatures = self._listed(self.root.signature_defs)
        offsets = self._offsets(metadata)
        fits = offsets is None or len(offsets) == count
        return TfliteModel(
            tuple(subgraphs),
            offsets if fits else None,
            None if offsets is None or fits else len(offsets),
            {s.signature_key: s.subgraph_index for s in signatures},
            tuple(entry.name for entry in metadata),
            len(self.data),
            self._planned_for(metadata),
        )

    def _subgraph(self, table: Any, name: str, parts: Sized) -> TfliteSubgraph:
        names = Names()
        tensors = tuple(
            self._tensor(raw, names.unique(raw.name or f"tensor_{i}"))
            for i, raw in enumerate(self._own("tensors", table.tensors))
        )
        inputs = self._listed(table.inputs or ())
        outputs = self._listed(table.outputs or ())
        _within("the graph", "tensor", (*inputs, *outputs), tensors)
        held = _Held(names, [tensor.name for tensor in tensors], set(inputs))
        listed = self._own("operators", table.operators)
        self.operators += len(listed)
        self.limits.hold("operators", self.counted[1], self.operators)
        operators = tuple(self._operator(raw, i, held, parts) for i, raw in enumerate(listed))
        return TfliteSubgraph(tensors, operators, inputs, outputs, name, held.index)

    def _operator(self, raw: Any, index: int, held: "_Held", parts: Sized) -> TfliteOperator:
        code = self.codes[raw.opcode_index]
        inputs, outputs = self._listed(raw.inputs or ()), self._listed(raw.outputs or ())
        bodies = called(raw, code)
        if len(set(outputs)) < len(outputs):
            raise Damage(f"{code} writes a tensor twice at once")
        _within(code, "tensor", (*(i for i in inputs if i >= 0), *outputs), held.names)
        _within(code, "subgraph", bodies, parts)
        first = held.names[outputs[0]] if outputs else f"{code}_{index}"
        return TfliteOperator(
            code,
            tuple([max(i, -1) for i in inputs]),
            outputs,
            held.operators.unique(first),
            held.written(outputs),
            bodies,
            reader.custom_options(raw),
            variable_name(raw, code),
            raw,
        )

    def _tensor(self, raw: Any, name: str) -> TfliteTensor:
        number, buffer, table = raw.type, raw.buffer, raw.quantization
        declared, shape = raw.shape is not None, self._listed(raw.shape or ())
        if min(shape, default=0) < 0:
            raise Damage(f"tensor {name!r} has the shape {shape}")
        signature = self._listed(raw.shape_signature or ())
        _check_signature(name, shape, signature)
        data = self._content(buffer)
        scales = zero_points = None
        if table is not None:
            scales, zero_points = table.scale, table.zero_point
            self.quantization += sum(v.nbytes for v in (scales, zero_points) if v is not None)
        return TfliteTensor(
            DTYPES[number] if number < len(DTYPES) else DType.UNKNOWN,
            shape,
            name,
            data is not None,
            raw.is_variable,
            0 if scales is None else len(scales),
            0 if zero_points is None else len(zero_points),
            0 if table is None else table.quantized_dimension,
            signature,
            declared,
            raw.has_rank,
            raw.sparsity is not None,
            buffer,
            data is not None and self.buffers[buffer].offset > 1,
            self.spans.get(buffer, (0, 0))[0],
            data,
            scales,
            zero_points,
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
                raise Damage(f"buffers {first} and {second} overlap")
        stored = sum(stop - start for start, stop in {span for span, _ in found})
        if stored + self.quantization > len(self.data):
            raise Damage("its buffers and quantisation parameters take more than the file")

    def _offsets(self, metadata: Sequence[Any]) -> tuple[int, ...] | None:
        """The memory plan that the file brings along; None where it has none."""
        plans = [entry for entry in metadata if entry.name == PLAN]
        if not plans:
            return None
        data = self._content(plans[0].buffer) or memoryview(b"")
        # Version, subgraph, how many offsets there are, and the offsets.
        count = sum(_words(data[8:12]))
        return _words(data[12:])[: max(count, 0)]

    def _planned_for(self, metadata: Sequence[Any]) -> str:
        """The kernels that the plan holds for; empty where nothing is said about that."""
        said = [entry for entry in metadata if entry.name == PLANNED_FOR]
        data = self._content(said[0].buffer) if said else None
        return "" if data is None else bytes(data).decode("utf-8", "backslashreplace")


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
        raise Damage(said)
    if any(dim not in (-1, length) for dim, length in zip(signature, shape, strict=True)):
        raise Damage(said)


def _within(who: str, what: str, numbers: Iterable[int], of: Sized) -> None:
    """Check that what is named by number is there."""
    for number in numbers:
        if not 0 <= number < len(of):
            raise Damage(f"{who} names {what} {number}, of {len(of)}")


def _words(data: memoryview) -> tuple[int, ...]:
    """Numbers of 32 bits."""
    words: list[int] = np.frombuffer(data[: data.nbytes // 4 * 4], "<i4").tolist()
    return tuple(words)
