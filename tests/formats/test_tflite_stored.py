"""Files taken apart into nodes and written again: nothing is lost, what must not move does not."""

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from support.tflite_writer import G, Node, T, tflite_bytes

from mcugraph.errors import FormatError
from mcugraph.formats.tflite import associated
from mcugraph.formats.tflite.flatbuffer import Flatbuffer, Table, Tables, Values, written
from mcugraph.formats.tflite.stored import BUFFERS, closed, opened
from mcugraph.formats.tflite.tables import read_model

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "models"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "models" / "tflite"
FILES = [*sorted(FIXTURES.glob("*.tflite")), *sorted(SHARED.glob("*.tflite"))]
# What cannot be taken apart, and the words that say so.
REFUSED = {
    "litert_blockwise_quantized": "scales and zero points",
    "litert_qwen_fc_blockwise_quantized": "scales and zero points",
    "litert_simple_group_norm_op": "options of the second kind",
    "litert_shared_input_cpu_npu_google_tensor_precompiled": "data behind its tables",
    "litert_simple_add_op_google_tensor_p25_precompiled": "data behind its tables",
    "litert_simple_model_npu_mediatek_mt6989_precompiled": "data behind its tables",
}


def held(data: bytes) -> Any:
    """All that a reader finds in a file, values of constants too."""
    model = read_model(data)
    values = [
        (bytes(t.data or b""), _bytes(t.scale_values), _bytes(t.zero_point_values), t.place > 0)
        for t in model.tensors
    ]
    tensors = [[_shape_of(t) for t in graph.tensors] for graph in model.subgraphs]
    operators = [
        [(o.native, o.inputs, o.outputs, o.name, o.custom, o.variable) for o in graph.operators]
        for graph in model.subgraphs
    ]
    return tensors, operators, values, model.offsets, model.misfit, model.signatures, model.metadata


def _shape_of(tensor: Any) -> tuple[Any, ...]:
    return tensor.name, tensor.dtype, tensor.shape, tensor.signature, tensor.axis, tensor.variable


def _bytes(values: Any) -> bytes:
    return b"" if values is None else bytes(values.tobytes())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_is_lost(path: Path) -> None:
    data = path.read_bytes()
    if path.stem in REFUSED:
        with pytest.raises(FormatError, match=REFUSED[path.stem]):
            opened(str(path), data)
        return
    again = closed(opened(str(path), data), data)
    assert held(again) == held(data)
    # Tables that no longer share places cost a little.
    assert len(again) < 1.02 * len(data) + 700


def test_weights_are_aligned() -> None:
    """The kernels of a device read weights and biases as words where they lie in the file."""
    tensors = [T("x", [1, 3]), T("w", [3, 3], data=bytes(9)), T("y", [1, 3])]
    data = tflite_bytes(G(tensors, [Node("FULLY_CONNECTED", [0, 1, -1], [2])], [0], [2]))
    file = Flatbuffer(closed(opened("x", data), data))
    stored = [file.target(table, 0) for table in file.tables(file.root, BUFFERS)]
    assert [at for at in stored if at]
    assert all((at + 4) % 16 == 0 for at in stored if at)


def test_numbers_of_64_bits_keep_their_alignment() -> None:
    wide = Table(b"\6\0\x10\0\x08\0", bytes(16), step=8, phase=0)
    odd = Table(b"\6\0\x0c\0\x04\0", bytes(12), step=8, phase=4)
    for first in (wide, odd):
        root = Table.made({0: Values.text("moves what follows"), 1: Tables([first, wide, odd])})
        file = Flatbuffer(written(root))
        found = file.tables(file.root, 1)
        assert [file.field(table, 0) % 8 for table in found] == [0, 0, 0]


def test_what_is_shared_is_written_once() -> None:
    shared = Values(bytes(1000), 1, 16)
    root = Table.made({0: Tables([Table.made({0: shared}) for _ in range(5)])})
    assert len(written(root)) < 1200


def test_associated_files_are_found_again() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("labels.txt", "cat\ndog\n")
        file.writestr("more.txt", "x" * 100)
    plain = tflite_bytes(G([T("x", [1])], [], [0], [0]))
    data = _appended(plain, stream.getvalue())
    again = closed(opened("x", data), data)
    with zipfile.ZipFile(io.BytesIO(again)) as file:
        assert file.read("labels.txt") == b"cat\ndog\n"
        assert file.testzip() is None
    assert associated.start(again) < len(again)


def _appended(front: bytes, content: bytes) -> bytes:
    """As tools append an archive: its positions count from the start of the whole file."""
    stream = io.BytesIO(front)
    with zipfile.ZipFile(stream, "a") as file, zipfile.ZipFile(io.BytesIO(content)) as given:
        for name in given.namelist():
            file.writestr(name, given.read(name))
    return stream.getvalue()


@pytest.mark.parametrize("field", [0, 1, 2, 5])
def test_a_number_that_is_left_out_is_put_in(field: int) -> None:
    table = Table.made({0: b"\1", 2: struct.pack("<i", -5)})
    found = table.with_number(field, 7)
    assert found.number(field) == 7
    others = [other for other in range(6) if other != field]
    assert [found.number(o) for o in others] == [table.number(o) for o in others]
    assert table.number(field) == {0: 1, 2: -5}.get(field, 0)
