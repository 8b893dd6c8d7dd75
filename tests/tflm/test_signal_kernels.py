"""What the custom kernels of TFLM's wheel take: small models of one operator each, against it."""

from pathlib import Path
from typing import Any

import pytest
from flatbuffers import flexbuffers
from support.one_operator import one_operator, stored, values
from support.tflite_writer import T
from support.tflm_wheel import disagreements

from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.formats.tflite.tables import read_model
from mcugraph.ir import DType
from mcugraph.tflm.abi import HOST
from mcugraph.tflm.kernels import RULES, KernelNode

# What models by other people are compared by.
IN_MODELS = {"CUSTOM:CIRCULAR_BUFFER"}


def signal(name: str, inputs: list[T], outputs: list[T], **options: Any) -> bytes:
    """A model of one custom operator."""
    custom = bytes(flexbuffers.Dumps(options)) if options else b""
    return one_operator(name, inputs, outputs, custom=custom)


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
                stored("float32", boxes, 4),
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
    assert disagreements(models, tmp_path) == {}
    kernels = {read_model(data).subgraphs[0].operators[0].native for data in models.values()}
    assert kernels == {name for name in RULES if name.startswith("CUSTOM:")} - IN_MODELS


def test_no_overlapping_sums_of_32_bits() -> None:
    node = KernelNode("CUSTOM:SignalOverlapAdd", None, (TfliteTensor(DType.INT32, (1, 5, 64)),), ())
    with pytest.raises(LookupError, match="int32"):
        RULES[node.native](node, HOST)


def test_options_that_are_missing() -> None:
    data = TfliteTensor(DType.INT16, (1, 64))
    for custom in (b"", bytes(flexbuffers.Dumps({"other": 3}))):
        node = KernelNode("CUSTOM:SignalDelay", None, (data,), (data,), custom)
        with pytest.raises(LookupError, match="option 'delay_length' is missing"):
            RULES[node.native](node, HOST)
