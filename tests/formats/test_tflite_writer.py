"""Rewritten TFLite files: only what was asked for is different."""

import io
import random
import struct
import zipfile
from pathlib import Path
from typing import Any

import flatbuffers
import pytest

import mcugraph as mg
from mcugraph.formats.tflite.tables import PLAN, read_model
from mcugraph.formats.tflite.writer import rewritten

NAMES = ("branching_int8", "ds_cnn_int8", "resnet_float", "siamese_int8")


def dump(data: bytes) -> dict[str, Any]:
    """All of a file through its schema, but the plan and the buffer that holds it."""
    from tflite.Model import Model

    model = Model.GetRootAs(data, 0)
    buffers = [model.Buffers(i) for i in range(model.BuffersLength())]
    metadata = [model.Metadata(i) for i in range(model.MetadataLength())]
    plans = {entry.Buffer() for entry in metadata if entry.Name() == PLAN.encode()}
    graphs = []
    for g in range(model.SubgraphsLength()):
        graph = model.Subgraphs(g)
        tensors = [graph.Tensors(i) for i in range(graph.TensorsLength())]
        operators = [graph.Operators(i) for i in range(graph.OperatorsLength())]
        graphs.append(
            {
                "name": graph.Name(),
                "inputs": list(graph.InputsAsNumpy()),
                "outputs": list(graph.OutputsAsNumpy()),
                "tensors": [
                    (
                        t.Name(),
                        str(t.ShapeAsNumpy()),
                        t.Type(),
                        t.Buffer(),
                        t.Quantization() and str(t.Quantization().ScaleAsNumpy()),
                        t.Quantization() and str(t.Quantization().ZeroPointAsNumpy()),
                    )
                    for t in tensors
                ],
                "operators": [
                    (
                        op.OpcodeIndex(),
                        str(op.InputsAsNumpy()),
                        str(op.OutputsAsNumpy()),
                        op.BuiltinOptionsType(),
                        str(op.CustomOptionsAsNumpy()),
                    )
                    for op in operators
                ],
            }
        )
    return {
        "identifier": data[4:8],
        "version": model.Version(),
        "description": model.Description(),
        "codes": [
            (code.BuiltinCode(), code.CustomCode(), code.Version())
            for code in (model.OperatorCodes(i) for i in range(model.OperatorCodesLength()))
        ],
        "buffers": [
            b"" if b.DataIsNone() else b.DataAsNumpy().tobytes()
            for i, b in enumerate(buffers)
            if i not in plans
        ],
        "metadata": [(m.Name(), m.Buffer()) for m in metadata if m.Buffer() not in plans],
        "signatures": [
            (
                s.SignatureKey(),
                s.SubgraphIndex(),
                [(s.Inputs(i).Name(), s.Inputs(i).TensorIndex()) for i in range(s.InputsLength())],
            )
            for s in (model.SignatureDefs(i) for i in range(model.SignatureDefsLength()))
        ],
        "graphs": graphs,
    }


@pytest.mark.parametrize("name", NAMES)
def test_nothing_asked_nothing_changed(models: Path, name: str) -> None:
    data = (models / f"{name}.tflite").read_bytes()
    count = len(mg.load(models / f"{name}.tflite").operators)
    assert rewritten(name, data) == data
    assert rewritten(name, data, range(count)) == data


@pytest.mark.parametrize("name", NAMES)
def test_another_order(models: Path, name: str) -> None:
    data = (models / f"{name}.tflite").read_bytes()
    before = dump(data)
    order = list(range(len(before["graphs"][0]["operators"])))
    random.Random(0).shuffle(order)
    result = rewritten(name, data, order)
    assert len(result) == len(data)
    after = dump(result)
    operators = before["graphs"][0]["operators"]
    before["graphs"][0]["operators"] = [operators[i] for i in order]
    assert after == before


@pytest.mark.parametrize("name", NAMES)
def test_a_plan(models: Path, name: str) -> None:
    path = models / f"{name}.tflite"
    data = path.read_bytes()
    model = read_model(data)
    assert model.offsets is None
    offsets = tuple(16 * i for i in range(len(model.tensors)))
    result = rewritten(name, data, None, offsets)
    assert dump(result) == dump(data)
    assert read_model(result).metadata.count(PLAN) == 1
    # The old file is in there as one piece, but for the eight bytes that it began with.
    moved = len(result) - len(data)
    assert moved % 64 == 0
    assert result[8 + moved :] == data[8:]
    again = rewritten(name, result, None, tuple(reversed(offsets)))
    assert dump(again) == dump(result) | {"buffers": dump(again)["buffers"]}
    for written, wanted in ((result, offsets), (again, tuple(reversed(offsets)))):
        assert read_model(written).offsets == wanted


def test_buffers_keep_their_alignment(models: Path) -> None:
    data = (models / "branching_int8.tflite").read_bytes()
    result = rewritten("f", data, None, [0] * 40)
    old, new = _starts(data), _starts(result)
    assert [start % 64 for start in new[:-1]] == [start % 64 for start in old]
    assert new[-1] % 16 == 0


def _starts(data: bytes) -> list[int]:
    """Positions of the contents of all buffers that have some."""
    from tflite.Model import Model

    model = Model.GetRootAs(data, 0)
    buffers = [model.Buffers(i) for i in range(model.BuffersLength())]
    return [b._tab.Vector(b._tab.Offset(4)) for b in buffers if not b.DataIsNone()]


def test_positions_behind_the_flatbuffer_move_along() -> None:
    """Files of over 2 GiB keep weights behind the flatbuffer, by absolute position."""
    weights = b"weights of a large model"
    data = _model_with_external_buffer(weights)
    result = rewritten("f", data, None, [0])
    from tflite.Model import Model

    for written in (data, result):
        buffer = Model.GetRootAs(written, 0).Buffers(1)
        assert written[buffer.Offset() : buffer.Offset() + buffer.Size()] == weights


def _model_with_external_buffer(weights: bytes) -> bytes:
    import tflite

    def build(position: int) -> bytes:
        builder = flatbuffers.Builder(0)
        tflite.BufferStart(builder)
        empty = tflite.BufferEnd(builder)
        tflite.BufferStart(builder)
        tflite.BufferAddOffset(builder, position)
        tflite.BufferAddSize(builder, len(weights))
        outside = tflite.BufferEnd(builder)
        tflite.ModelStartBuffersVector(builder, 2)
        builder.PrependUOffsetTRelative(outside)
        builder.PrependUOffsetTRelative(empty)
        buffers = builder.EndVector()
        tflite.ModelStart(builder)
        tflite.ModelAddVersion(builder, 3)
        tflite.ModelAddBuffers(builder, buffers)
        builder.Finish(tflite.ModelEnd(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())

    length = len(build(1 << 20))
    return build(length) + weights


def test_associated_files_stay_readable(models: Path) -> None:
    """Metadata tools append a zip archive, whose directory holds absolute positions."""
    data = (models / "branching_int8.tflite").read_bytes()
    archive = io.BytesIO(data)
    with zipfile.ZipFile(archive, "a") as files:
        files.writestr("labels.txt", "cat\ndog\n")
        files.writestr("scores.txt", "1,2\n")
    packed = archive.getvalue()
    result = rewritten("f", packed, None, [0] * 40)
    with zipfile.ZipFile(io.BytesIO(result)) as files:
        assert files.read("labels.txt") == b"cat\ndog\n"
        assert files.testzip() is None
    end = result.rfind(b"PK\5\6")
    directory = struct.unpack_from("<I", result, end + 16)[0]
    assert result[directory : directory + 4] == b"PK\1\2"


def test_bad_orders_and_damage(models: Path) -> None:
    data = (models / "branching_int8.tflite").read_bytes()
    with pytest.raises(mg.FormatError, match="every operator once"):
        rewritten("f", data, [0, 0])
    for length in (0, 7, 20, 200, 1000):
        with pytest.raises(mg.FormatError, match="damaged"):
            rewritten("f", data[:length], None, [0])
