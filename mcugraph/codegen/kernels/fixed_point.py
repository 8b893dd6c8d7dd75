"""Real factors and bounds as integers, exactly as TensorFlow Lite computes them.

Sources: tensorflow/lite/kernels/internal/quantization_util.cc (QuantizeMultiplier),
tensorflow/lite/kernels/kernel_util.cc (CalculateActivationRangeQuantized,
PopulateConvolutionQuantizationParams); XNNPACK, src/operators/convolution-nhwc.c.
"""

import math

import numpy as np

from mcugraph.codegen.kernels.contract import scale, zero_point
from mcugraph.codegen.kernels.exponentials import high, shifted_right
from mcugraph.errors import GraphError
from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import Array

_ONE = 1 << 31  # 1.0 as a multiplier
_MOST_ONCE = 256
_BOUNDS: dict[str | None, tuple[float | None, float | None]] = {
    None: (None, None),
    "relu": (0.0, None),
    "relu6": (0.0, 6.0),
    "relu_n1_to_1": (-1.0, 1.0),
}


def away_from_zero(value: float) -> int:
    """Rounded, halves away from zero, as ``std::round`` does."""
    whole = math.floor(abs(value))
    rounded = whole + (abs(value) - whole >= 0.5)
    return -rounded if value < 0 else rounded


def multiplier(factor: float) -> tuple[int, int]:
    """A factor as (m, shift): m * 2^(shift - 31), with m from 2^30 to 2^31 - 1, or 0."""
    if factor == 0.0:
        return 0, 0
    fraction, shift = math.frexp(factor)
    found = away_from_zero(fraction * _ONE)
    if found == _ONE:
        found, shift = found // 2, shift + 1
    return (0, 0) if shift < -31 else (found, shift)


def scaled(x: int, multiplied_by: int, shift: int) -> int:
    """X * m * 2^(shift - 31), as ``mg_scale_twice`` of the runtime computes it."""
    return shifted_right(high(x << max(shift, 0), multiplied_by), max(-shift, 0))


def product_factor(
    given: np.float32,
    weights: Array,
    made: np.float32,
    single: bool,
    product: type[np.float32 | np.float64],
) -> Array:
    """What sums of products are multiplied by: given * weights / made.

    Args:
        given: The scale of the data.
        weights: Those of the weights.
        made: That of the result.
        single: All of it is of single precision, as in XNNPACK, which LiteRT computes with.
        product: What TFLM computes the product in; the quotient is of double precision.

    Raises:
        GraphError: XNNPACK takes no such factor.
    """
    if single:
        found = np.asarray(given * weights.astype(np.float32) / made)
        if found.max(initial=0) >= _MOST_ONCE:
            raise GraphError(f"LiteRT does not round once what is multiplied by {found.max():g}")
        return found
    products = np.asarray(given, product) * weights.astype(product)
    return np.asarray(products.astype(np.float64) / float(made))


def multipliers(factors: Array) -> tuple[Array, Array]:
    """Factors as multipliers (int32) and shifts (int8)."""
    pairs = [multiplier(float(factor)) for factor in factors]
    return (
        np.array([m for m, _ in pairs], np.int32),
        np.array([shift for _, shift in pairs], np.int8),
    )


def activation_range(tensor: TfliteTensor, activation: str | None) -> tuple[int, int]:
    """The least and the largest stored value that an activation lets through.

    Raises:
        GraphError: The activation has no such bounds.
    """
    bits = tensor.dtype.bits
    least, largest = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    if activation not in _BOUNDS:
        raise GraphError(f"a fused {activation} is not known")
    low, high = _BOUNDS[activation]
    if low is not None:
        least = max(least, _stored(tensor, low))
    if high is not None:
        largest = min(largest, _stored(tensor, high))
    return least, largest


def _stored(tensor: TfliteTensor, value: float) -> int:
    """A real number as the tensor would store it, not clipped; divided in single precision."""
    quotient = np.float32(value) / scale(tensor)
    return zero_point(tensor) + away_from_zero(float(quotient))
