"""What the custom kernels of TFLM's wheel take: small models of one operator each, against it."""

from pathlib import Path
from typing import Any

import pytest
from support.tflite_writer import G, Node, T, tflite_bytes
from support.tflm_wheel import wheel_figures

import mcugraph as mg
from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import DType
from mcugraph.tflm import footprint as tflm
from mcugraph.tflm.abi import HOST
from mcugraph.tflm.kernels import RULES, KernelNode
from mcugraph.tflm.loaded import program_of

# What models by other people are compared by.
IN_MODELS = {"CUSTOM:CIRCULAR_BUFFER"}


def values(dtype: str, *shape: int) -> T:
    return T("", shape, dtype)


def stored(dtype: str, count: int) -> T:
    return T("", (count,), dtype, data=bytes(2 * count))


def signal(name: str, inputs: list[T], outputs: list[T], **options: Any) -> bytes:
    """A model of one custom operator."""
    from flatbuffers import flexbuffers

    tensors = [*inputs, *outputs]
    for number, tensor in enumerate(tensors):
        tensor.name = f"t{number}"
    read = tuple(range(len(inputs)))
    made = tuple(range(len(inputs), len(tensors)))
    node = Node(name, read, made, custom=bytes(flexbuffers.Dumps(options)) if options else b"")
    given = tuple(i for i in read if tensors[i].data is None)
    return tflite_bytes(G(tensors, [node], given, made))


def transforms() -> dict[str, bytes]:
    found = {}
    for dtype in ("int16", "int32", "float32"):
        number = {"int16": 7, "int32": 2, "float32": 0}[dtype]
        for rows, length in ((1, 64), (3, 256)):
            points = length + 2
            found[f"rfft {dtype} {rows}x{length}"] = signal(
                "SignalRfft",
                [values(dtype, rows, length - 4)],
                [values(dtype, rows, points)],
                fft_length=length,
                T=number,
            )
            found[f"irfft {dtype} {rows}x{length}"] = signal(
                "SignalIrfft",
                [values(dtype, rows, points)],
                [values(dtype, rows, length)],
                fft_length=length,
                T=number,
            )
            if dtype == "int32":  # there is no such kernel
                continue
            found[f"overlap {dtype} {rows}x{length}"] = signal(
                "SignalOverlapAdd",
                [values(dtype, rows, 5, length)],
                [values(dtype, rows, 5 * length // 4)],
                frame_step=length // 4,
                T=number,
            )
    return found


def front_end() -> dict[str, bytes]:
    found = {}
    for rows, size, step in ((1, 48, 16), (2, 50, 16), (3, 30, 30)):
        found[f"framer {rows}x{size}/{step}"] = signal(
            "SignalFramer",
            [values("int16", rows, 2 * step)],
            [values("int16", rows, 2, size), values("bool")],
            frame_size=size,
            frame_step=step,
            prefill=True,
        )
        found[f"delay {rows}x{size}+{step}"] = signal(
            "SignalDelay",
            [values("int16", rows, size)],
            [values("int16", rows, size)],
            delay_length=step,
        )
    for channels, left, right in ((40, 3, 1), (7, 0, 2)):
        found[f"stacker {channels}"] = signal(
            "SignalStacker",
            [values("int16", channels)],
            [values("int16", channels * (left + right + 1)), values("bool")],
            num_channels=channels,
            stacker_left_context=left,
            stacker_right_context=right,
            stacker_step=2,
        )
        found[f"filter bank {channels}"] = signal(
            "SignalFilterBank",
            [
                values("uint32", 129),
                *(stored("int16", 200) for _ in range(2)),
                *(stored("int16", channels + 1) for _ in range(3)),
            ],
            [values("uint64", channels)],
            num_channels=channels,
        )
        found[f"spectral subtraction {channels}"] = signal(
            "SignalFilterBankSpectralSubtraction",
            [values("uint32", channels)],
            [values("uint32", channels), values("uint32", channels)],
            num_channels=channels,
            smoothing=3,
            one_minus_smoothing=5,
            alternate_smoothing=2,
            alternate_one_minus_smoothing=6,
            smoothing_bits=10,
            min_signal_remaining=2,
            spectral_subtraction_bits=14,
            clamping=False,
        )
    found["window"] = signal(
        "SignalWindow",
        [values("int16", 2, 30), stored("int16", 30)],
        [values("int16", 2, 30)],
        shift=12,
    )
    found["scale"] = signal(
        "SignalFftAutoScale", [values("int16", 30)], [values("int16", 30), values("int32")]
    )
    found["energy"] = signal(
        "SignalEnergy",
        [values("int16", 66)],
        [values("uint32", 33)],
        start_index=1,
        end_index=20,
    )
    found["root"] = signal(
        "SignalFilterBankSquareRoot",
        [values("uint64", 40), values("int32")],
        [values("uint32", 40)],
    )
    found["log"] = signal(
        "SignalFilterBankLog",
        [values("uint32", 40)],
        [values("int16", 40)],
        output_scale=1600,
        input_correction_bits=3,
    )
    found["gain"] = signal(
        "SignalPCAN",
        [values("uint32", 40), values("uint32", 40), stored("int16", 125)],
        [values("uint32", 40)],
        snr_shift=6,
    )
    return found


def detections() -> dict[str, bytes]:
    found = {}
    for boxes, classes, most in ((12, 3, 5), (4, 9, 6)):
        found[f"detection {boxes}"] = signal(
            "TFLite_Detection_PostProcess",
            [
                values("float32", 1, boxes, 4),
                values("float32", 1, boxes, classes + 1),
                T("", (boxes, 4), "float32", data=bytes(16 * boxes)),
            ],
            [
                values("float32", 1, most, 4),
                values("float32", 1, most),
                values("float32", 1, most),
                values("float32", 1),
            ],
            max_detections=most,
            max_classes_per_detection=1,
            detections_per_class=2,
            use_regular_nms=False,
            nms_score_threshold=0.1,
            nms_iou_threshold=0.5,
            num_classes=classes,
            y_scale=10.0,
            x_scale=10.0,
            h_scale=5.0,
            w_scale=5.0,
        )
    return found


@pytest.mark.oracle("tflite_micro", "flatbuffers")
def test_the_wheel_says_the_same(tmp_path: Path) -> None:
    models = transforms() | front_end() | detections()
    paths = {tmp_path / f"{i}.tflite": name for i, name in enumerate(models)}
    for path, name in paths.items():
        path.write_bytes(models[name])
    said = {paths[path]: figures for path, figures in wheel_figures(list(paths)).items()}
    found, kernels = {}, set()
    for path, name in paths.items():
        program, notes = program_of(mg.load(path))
        assert program is not None, (name, notes)
        counted = tflm.footprint(program)
        found[name] = counted.arena, counted.persistent_host
        kernels |= {node.native for node in program.nodes.values()}
    assert found == said
    assert kernels == {name for name in RULES if name.startswith("CUSTOM:")} - IN_MODELS


def test_no_overlapping_sums_of_32_bits() -> None:
    node = KernelNode("CUSTOM:SignalOverlapAdd", None, (TfliteTensor(DType.INT32, (1, 5, 64)),), ())
    with pytest.raises(LookupError, match="int32"):
        RULES[node.native](node, HOST)
