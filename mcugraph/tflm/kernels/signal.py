"""Custom kernels that TFLM registers: the audio front end, streaming and detection.

Sources: signal/micro/kernels/*.cc, signal/src/circular_buffer.h,
tensorflow/lite/micro/kernels/circular_buffer.h and detection_postprocess.cc.
"""

from typing import Any

from mcugraph.ir import DType
from mcugraph.tflm.abi import Abi
from mcugraph.tflm.kernels.needs import KernelNode, Needs, Rule, plain

# CircularBuffer: read, write, empty, size, data; then its elements twice, as int16.
_RING = "2pi2p"
_WIDTHS = {DType.INT16: 2, DType.INT32: 4, DType.FLOAT32: 4}


def _option(node: KernelNode, name: str) -> int:
    """A number of a custom operator's options, which are stored as a flexbuffer.

    Raises:
        LookupError: It is not there.
    """
    from flatbuffers import flexbuffers

    options: Any = flexbuffers.Loads(node.custom) if node.custom else {}
    value = options.get(name) if isinstance(options, dict) else None
    if not isinstance(value, int):
        raise LookupError(f"option {name!r} is missing")
    return value


def _ring(capacity: int, abi: Abi) -> int:
    return abi.sizeof(_RING) + 4 * capacity


def _fft_state(length: int, width: int, abi: Abi) -> int:
    """kiss_fftr_alloc: the state of a complex transform of half the length, and two tables.

    The inner state is two numbers, 64 factors and a twiddle factor a point.
    """
    half, point = length // 2, 2 * width
    return abi.sizeof("3p") + (4 * 66 + point * half) + point * (half * 3 // 2)


def _width(node: KernelNode) -> int:
    width = _WIDTHS.get(node.input(0).dtype)
    if width is None:
        raise LookupError(f"there is no transform of {node.input(0).dtype.label}")
    return width


def _rfft(node: KernelNode, abi: Abi) -> Needs:
    length, width = _option(node, "fft_length"), _width(node)
    state = _fft_state(length, width, abi)
    return Needs(init=(abi.sizeof("4iepip"), state), scratch=(length * width,))


def _irfft(node: KernelNode, abi: Abi) -> Needs:
    state = _fft_state(_option(node, "fft_length"), _width(node), abi)
    if node.input(0).dtype is DType.FLOAT32:  # a header of its own before the state
        state += abi.sizeof("2p")
    return Needs(init=(abi.sizeof("4iep"), state))


def _filter_bank(node: KernelNode, abi: Abi) -> Needs:
    return Needs(init=(abi.sizeof("(i5pi)p"), 8 * (node.outputs[0].elements + 1)))


def _spectral_subtraction(node: KernelNode, abi: Abi) -> Needs:
    return Needs(init=(abi.sizeof("(8ib)2p"), 4 * node.outputs[0].elements))


def _stacker(node: KernelNode, abi: Abi) -> Needs:
    frames = _option(node, "stacker_left_context") + _option(node, "stacker_right_context") + 1
    ring = _ring(_option(node, "num_channels") * frames, abi)
    return Needs(init=(abi.sizeof("4i2pb2p"), ring))


def _rows(node: KernelNode) -> int:
    """How many independent signals the input holds."""
    data = node.input(0)
    return data.elements // data.shape[-1]


def _framer(node: KernelNode, abi: Abi) -> Needs:
    size, step = _option(node, "frame_size"), _option(node, "frame_step")
    return _rings(_rows(node), -(-size // step) * step, "4ib2p", abi)


def _delay(node: KernelNode, abi: Abi) -> Needs:
    capacity = node.input(0).shape[-1] + _option(node, "delay_length")
    return _rings(_rows(node), capacity, "3i2p", abi)


def _rings(rows: int, capacity: int, data: str, abi: Abi) -> Needs:
    """Two tables of pointers and a ring buffer each."""
    pointers = (rows * abi.pointer,) * 2
    return Needs(init=(abi.sizeof(data),), prepare=(*pointers, *(_ring(capacity, abi),) * rows))


def _overlap_add(node: KernelNode, abi: Abi) -> Needs:
    data = node.input(0)
    frame = data.shape[-1]
    rows = data.elements // (frame * data.shape[-2])
    if data.dtype is DType.INT32:
        raise LookupError("there are no overlapping sums of int32")
    buffers = (frame * _width(node),) * rows
    return Needs(init=(abi.sizeof("4iep"),), prepare=(rows * abi.pointer, *buffers))


def _detection(node: KernelNode, abi: Abi) -> Needs:
    """Eleven scratch buffers for boxes, scores and their order."""
    boxes = node.input(0).shape[1]
    classes, detections = _option(node, "num_classes"), _option(node, "max_detections")
    scores = node.input(1).shape
    return Needs(
        init=(abi.sizeof("6ib21i"),),
        scratch=(
            boxes,
            16 * boxes,
            4 * scores[1] * scores[2],
            4 * boxes,
            4 * boxes,
            4 * detections * boxes,
            4 * detections * boxes,
            4 * boxes,
            4 * detections * boxes,
            4 * max(classes, detections) * boxes,
            4 * min(boxes, detections) * boxes,
        ),
    )


RULES: dict[str, Rule] = {
    "CUSTOM:CIRCULAR_BUFFER": plain(data="2i"),
    "CUSTOM:SignalDelay": _delay,
    "CUSTOM:SignalEnergy": plain(data="2i"),
    "CUSTOM:SignalFftAutoScale": plain(),
    "CUSTOM:SignalFilterBank": _filter_bank,
    "CUSTOM:SignalFilterBankLog": plain(data="2i"),
    "CUSTOM:SignalFilterBankSpectralSubtraction": _spectral_subtraction,
    "CUSTOM:SignalFilterBankSquareRoot": plain(),
    "CUSTOM:SignalFramer": _framer,
    "CUSTOM:SignalIrfft": _irfft,
    "CUSTOM:SignalOverlapAdd": _overlap_add,
    "CUSTOM:SignalPCAN": plain(data="i"),
    "CUSTOM:SignalRfft": _rfft,
    "CUSTOM:SignalStacker": _stacker,
    "CUSTOM:SignalWindow": plain(data="2i"),
    "CUSTOM:TFLite_Detection_PostProcess": _detection,
}
