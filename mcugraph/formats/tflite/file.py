"""What all subgraphs of one TFLite file share: names, operator codes, buffers."""

from mcugraph.errors import FormatError
from mcugraph.formats.dims import Bindings
from mcugraph.formats.names import Names
from mcugraph.formats.tflite.fields import decode, native
from mcugraph.formats.tflite.flatbuffer import Damage
from mcugraph.formats.tflite.schema import Model
from mcugraph.ir import Constant, DType


class File:
    """What all subgraphs of one file share while they are translated."""

    def __init__(
        self, path: str, data: bytes, bindings: Bindings, signature: str | None = None
    ) -> None:
        self.path, self.data, self.bindings = path, data, bindings
        self.model = Model(data, int.from_bytes(data[:4], "little"))
        self.subgraphs = self.model.subgraphs
        if not self.subgraphs:
            raise FormatError(f"{path}: this TFLite file has no graph inside")
        names = Names()
        self.names = [
            names.unique(s.name or ("main" if not i else f"subgraph_{i}"))
            for i, s in enumerate(self.subgraphs)
        ]
        self.codes = [native(code) for code in self.model.operator_codes]
        self.buffers = self.model.buffers
        self.signatures = {s.signature_key: s.subgraph_index for s in self.model.signature_defs}
        self.main = 0 if signature is None else self._subgraph_of(signature)

    def _subgraph_of(self, signature: str) -> int:
        """The subgraph that a signature enters."""
        if signature not in self.signatures:
            known = ", ".join(map(repr, self.signatures)) or "none"
            raise FormatError(f"{self.path}: no signature {signature!r}; the model has {known}")
        return self.signatures[signature]

    def constant(self, index: int, dtype: DType) -> Constant | None:
        """The bytes of a buffer, decoded when asked for; None where there are none."""
        if not index:  # by convention buffer 0 is empty, even where there is none
            return None
        start, length = self.span(index)
        if start + length > len(self.data):
            raise Damage(f"buffer {index} ends behind the file")
        if not length:
            return None
        data = memoryview(self.data)[start : start + length]
        return Constant(index, lambda: decode(data, dtype))

    def span(self, index: int) -> tuple[int, int]:
        """Where the bytes of a buffer begin, and how many there are."""
        buffer = self.buffers[index]
        if buffer.offset > 1:  # stored behind the flatbuffer, for files of over 2 GiB
            return buffer.offset, buffer.size
        return buffer.data
