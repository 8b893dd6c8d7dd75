"""What TFLM's code takes in flash: a floor, and an estimate by the operators of a model."""

from mcugraph.profiles import Profile

# "The core runtime just fits in 16 KB on an Arm Cortex M3": TensorFlow Lite for
# Microcontrollers, overview. Kernels come on top, so this is a floor.
RUNTIME_CODE = 16 * 1024

# Bytes of a release build for Cortex-M4 with reference kernels: of the interpreter, and of what it
# grows by with one kernel. Kernels share code, so that several grow it by less than their sum.
_CORE = 10_700
_KERNELS = {
    "add": 12_500,
    "average_pool2d": 5_500,
    "conv2d": 10_900,
    "dense": 8_400,
    "depthwise_conv2d": 9_800,
    "dequantize": 2_800,
    "pad": 4_600,
    "quantize": 5_400,
    "reduce_mean": 8_100,
    "reshape": 1_200,
    "softmax": 10_000,
}


def estimated_code(found: Profile) -> int:
    """Bytes that TFLM's code takes about, with the kernels of a model's operators.

    Kernels that nobody measured are not in it.
    """
    kinds = {layer.kind for layer in found.layers}
    return max(RUNTIME_CODE, _CORE + sum(_KERNELS.get(kind, 0) for kind in kinds))
