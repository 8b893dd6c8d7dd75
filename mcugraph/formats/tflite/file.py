"""What all subgraphs of one TFLite file share: names, operator codes, buffers."""

from mcugraph.errors import FormatError
from mcugraph.formats.dims import Bindings
from mcugraph.formats.tflite import reader
from mcugraph.formats.tflite.fields import decode, native
from mcugraph.ir import Constant, DType
from mcugraph.ir.names import Names


class File:
    """What all subgraphs of one file share while they are translated."""

    def __init__(
        self, path: str, data: bytes, bindings: Bindings, signature: str | None = None
    ) -> None:
        from tflite.Model import Model

        self.path, self.data, self.bindings = path, data, bindings
        self.model = Model.GetRootAs(data, 0)
        self.subgraphs = reader.tables(self.model, "Subgraphs", len(data))
        if not self.subgraphs:
            raise FormatError(f"{path}: this TFLite file has no graph inside")
        names = Names()
        self.names = [
            names.unique(reader.text(s.Name()) or ("main" if not i else f"subgraph_{i}"))
            for i, s in enumerate(self.subgraphs)
        ]
        self.codes = [native(c) for c in reader.tables(self.model, "OperatorCodes", len(data))]
        self.buffers = reader.tables(self.model, "Buffers", len(data))
        self.signatures = {
            reader.text(s.SignatureKey()): int(s.SubgraphIndex())
            for s in reader.tables(self.model, "SignatureDefs", len(data))
        }
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
        buffer = self.buffers[index]
        if buffer.Offset() > 1:  # stored behind the flatbuffer, for files of over 2 GiB
            start, stop = buffer.Offset(), buffer.Offset() + buffer.Size()
            if stop > len(self.data):
                raise reader.Damage(f"buffer {index} ends behind the file")
            return Constant(index, lambda: decode(self.data[start:stop], dtype))
        if buffer.DataIsNone() or not buffer.DataLength():
            return None
        length = len(buffer.DataAsNumpy())  # raises where the bytes reach behind the file
        return Constant(index, lambda: decode(buffer.DataAsNumpy(), dtype)) if length else None

    def stored(self, index: int) -> int:
        """Bytes that a buffer holds."""
        buffer = self.buffers[index]
        return int(buffer.Size() if buffer.Offset() > 1 else buffer.DataLength())
