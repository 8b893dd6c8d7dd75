"""Numbers with a fixed point as gemmlowp computes them: what tables of int8 kernels are made of.

Source: gemmlowp, fixedpoint/fixedpoint.h. Numbers are 32-bit integers; how many bits stand before
the point is said by names. Products and shifts saturate and round as there.
"""

_LARGEST, _LEAST = (1 << 31) - 1, -(1 << 31)
_HALF_THREE = (1 << 28) + (1 << 27)  # 1.5 with 28 bits behind the point
_HALF_ROOT = 1518500250  # of two, with 31
# exp(-2^k) with 31 bits behind the point, for k from -2 on.
_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)


def high(a: int, b: int) -> int:
    """A * b / 2^31, rounded."""
    return _LARGEST if a == b == _LEAST else (a * b + (1 << 30)) >> 31


def shifted_right(x: int, bits: int) -> int:
    """X / 2^bits, halves away from zero."""
    rest, half = x & ((1 << bits) - 1), (((1 << bits) - 1) >> 1) + (x < 0)
    return (x >> bits) + (rest > half)


def shifted_left(x: int, bits: int) -> int:
    """X * 2^bits, saturated."""
    return min(max(x << bits, _LEAST), _LARGEST)


def exponential(x: int, before: int) -> int:
    """exp(x) with 31 bits behind the point, of an x up to 0 with some bits before the point."""
    if x == 0:
        return _LARGEST
    lowest = 29 - before  # the bit of a quarter
    within = (x & ((1 << lowest) - 1)) - (1 << lowest)
    found = _near_zero(shifted_left(within, before))
    rest = within - x
    for bit, power in enumerate(_POWERS[: before + 2], lowest):
        if rest & (1 << bit):
            found = high(found, power)
    return found


def _near_zero(x: int) -> int:
    """exp(x) for x from -1/4 to 0, all with 31 bits behind the point: a series around -1/8."""
    y = x + (1 << 28)
    square = high(y, y)
    cube, fourth = high(square, y), high(square, square)
    third = 715827883
    tail = shifted_right(high(shifted_right(fourth, 2) + cube, third) + square, 1)
    return 1895147668 + high(1895147668, y + tail)


def logistic(x: int, before: int) -> int:
    """1 / (1 + exp(-x)) with 31 bits behind the point, of an x with some bits before it."""
    if x == 0:
        return 1 << 30
    found = reciprocal(exponential(-abs(x), before))
    return found if x > 0 else _LARGEST - found


def hyperbolic_tangent(x: int, before: int) -> int:
    """tanh(x) with 31 bits behind the point, of an x with some bits before it."""
    if x == 0:
        return 0
    # (1 - y) / (1 + y) of y = exp(-2x); the same number with one bit more before the point is 2x.
    found = shifted_left(_inverse(exponential(-abs(x), before + 1)) - (1 << 29), 2)
    return found if x > 0 else -found


def reciprocal(x: int) -> int:
    """1 / (1 + x) for x from 0 to 1, both with 31 bits behind the point."""
    return shifted_left(_inverse(x), 1)


def _inverse(x: int) -> int:
    """2 / (1 + x) with 29 bits behind the point, of an x with 31: three steps of Newton's."""
    half = (x + _LARGEST + 1) // 2  # of the denominator
    found = 1515870810 + high(half, -1010580540)  # 48/17 - 32/17 * half
    for _ in range(3):
        found += shifted_left(high(found, (1 << 29) - high(half, found)), 2)
    return found


def inverse_root(x: int) -> tuple[int, int]:
    """1 / sqrt(x) for x from 1 to 2^29 as (m, right): m * 2^(-31 - right).

    Five steps of Newton's, from 1 on. Source: tensorflow/lite/kernels/internal/common.h
    (GetInvSqrtQuantizedMultiplierExp).
    """
    if x == 1:
        return _LARGEST, 0
    pairs = (31 - x.bit_length()) // 2 - 1  # bits, by twos, up to the highest ones
    half = shifted_right(x << 2 * pairs >> 1, 1)
    found = 1 << 28
    for _ in range(5):
        # Numbers with three bits before the point; products have as many more.
        cube = shifted_left(high(high(found, found), found), 6)
        step = high(_HALF_THREE, found) - high(half, cube)
        found = shifted_left(step, 3)
    found, right = high(found, _HALF_ROOT), 11 - pairs
    return (found << -right, 0) if right < 0 else (found, right)
