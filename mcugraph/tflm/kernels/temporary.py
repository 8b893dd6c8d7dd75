"""Which tensors a kernel looks at while it is prepared.

For each look TFLM makes a full ``TfLiteTensor`` in temporary memory, which it lets go only once the
kernel is prepared, so a tensor that is looked at twice counts twice. Sources: the ``Prepare``
functions in tensorflow/lite/micro/kernels/*.cc and signal/micro/kernels/*.cc.
"""

from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import DType
from mcugraph.tflm.kernels.needs import KernelNode

# Which tensors are looked at, in order: "0" is the first input, "a" the first output.
_INPUT, _OUTPUT = ord("0"), ord("a")
_CONVOLUTION = "a01012a"
_LOOKS = {
    "ABS": "0a0a",
    "ADD": "01a",
    "ASSIGN_VARIABLE": "1",
    "AVERAGE_POOL_2D": "0a",
    "BATCH_MATMUL": "01a",
    "BATCH_TO_SPACE_ND": "0a",
    "BROADCAST_ARGS": "01a",
    "BROADCAST_TO": "01a",
    "CAST": "0a",
    "CEIL": "0a",
    "CONV_2D": _CONVOLUTION,
    "COS": "0a",
    "CUMSUM": "01a",
    "CUSTOM:CIRCULAR_BUFFER": "0a",
    "CUSTOM:SignalDelay": "0a",
    "CUSTOM:SignalEnergy": "0a",
    "CUSTOM:SignalFftAutoScale": "0ab",
    "CUSTOM:SignalFilterBank": "012345a",
    "CUSTOM:SignalFilterBankLog": "0a",
    "CUSTOM:SignalFilterBankSpectralSubtraction": "0ab",
    "CUSTOM:SignalFilterBankSquareRoot": "01a",
    "CUSTOM:SignalFramer": "0ab",
    "CUSTOM:SignalIrfft": "0a",
    "CUSTOM:SignalOverlapAdd": "0a",
    "CUSTOM:SignalPCAN": "012a",
    "CUSTOM:SignalRfft": "0a",
    "CUSTOM:SignalStacker": "0ab",
    "CUSTOM:SignalWindow": "01a",
    "CUSTOM:TFLite_Detection_PostProcess": "012",
    "DEPTHWISE_CONV_2D": _CONVOLUTION,
    "DEPTH_TO_SPACE": "0a",
    "DEQUANTIZE": "0a",
    "DIV": "01a",
    "DYNAMIC_UPDATE_SLICE": "012a",
    "ELU": "0a",
    "EMBEDDING_LOOKUP": "01a",
    "EQUAL": "01",
    "EXP": "0a",
    "EXPAND_DIMS": "01a",
    "FILL": "01a",
    "FLOOR_DIV": "01a",
    "FLOOR_MOD": "01a",
    "FULLY_CONNECTED": "012a",
    "GATHER": "01a",
    "GATHER_ND": "01a",
    "GREATER": "01",
    "GREATER_EQUAL": "01",
    "HARD_SWISH": "0a",
    "IF": "0",
    "L2_NORMALIZATION": "0a",
    "L2_POOL_2D": "a0",
    "LEAKY_RELU": "0a",
    "LESS": "01",
    "LESS_EQUAL": "01",
    "LOG": "0a",
    "LOGICAL_NOT": "0a",
    "LOGISTIC": "0a",
    "LOG_SOFTMAX": "0a",
    "MAX_POOL_2D": "0a",
    "MIRROR_PAD": "01a",
    "MUL": "01a",
    "NOT_EQUAL": "01",
    "PAD": "01a",
    "PADV2": "012a",
    "PRELU": "01a",
    "QUANTIZE": "0a",
    "READ_VARIABLE": "0",
    "RELU": "0a",
    "RELU6": "0",
    "RESHAPE": "0a",
    "RESIZE_BILINEAR": "01a",
    "RESIZE_NEAREST_NEIGHBOR": "01a",
    "REVERSE_V2": "01a",
    "ROUND": "0a",
    "RSQRT": "0a0a",
    "SELECT_V2": "012a",
    "SIN": "0a",
    "SLICE": "012a",
    "SOFTMAX": "0a",
    "SPACE_TO_BATCH_ND": "0a",
    "SPACE_TO_DEPTH": "0a",
    "SPLIT": "0",
    "SPLIT_V": "2",
    "SQRT": "0a",
    "SQUARE": "0a",
    "SQUARED_DIFFERENCE": "01a",
    "SQUEEZE": "0a",
    "STRIDED_SLICE": "0123a",
    "SUB": "01a",
    "SVDF": "01234a",
    "TANH": "00a",
    "TRANSPOSE": "01a",
    "ZEROS_LIKE": "0a",
}
_REDUCTIONS = ("MEAN", "SUM", "REDUCE_ALL", "REDUCE_MAX", "REDUCE_MIN")


def looked_at(node: KernelNode) -> list[TfliteTensor]:
    """The tensors for which TFLM makes a struct while it prepares a kernel.

    All kernel libraries look at the same ones; a rule names those that its kernel looks at once
    more.
    """
    inputs, outputs, found = node.inputs, node.outputs, []
    for code in map(ord, _looks(node)):
        # Inputs are counted on behind "9" in the order of the characters.
        among, index = (inputs, code - _INPUT) if code < _OUTPUT else (outputs, code - _OUTPUT)
        tensor = among[index] if index < len(among) else None
        if tensor is not None:
            found.append(tensor)
    return found


def _looks(node: KernelNode) -> str:
    known = _LOOKS.get(node.native)
    if known is not None:
        return known
    first = node.optional(0)
    every = "".join(chr(ord("0") + i) for i in range(len(node.inputs)))
    if node.native == "ADD_N":
        return f"0a{every[1:]}"
    if node.native == "CONCATENATION":
        return f"0a{every}"
    if node.native == "UNIDIRECTIONAL_SEQUENCE_LSTM":
        return f"{every}a"
    if node.native in _REDUCTIONS:
        return "0a101a" if first is not None and first.dtype is DType.INT8 else "0a101"
    if node.native == "TRANSPOSE_CONV":
        data = node.optional(2)
        return "a21" if data is None or data.dtype.is_float else "a21213a"
    return ""
