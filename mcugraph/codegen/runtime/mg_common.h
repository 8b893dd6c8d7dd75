/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_COMMON_H
#define MG_COMMON_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mg_config.h"

/* Before a declaration: where it begins in memory. */
#if defined(__GNUC__) || defined(__ARMCC_VERSION) || defined(__ICCARM__)
#define MG_ALIGNED(bytes) __attribute__((aligned(bytes)))
#else
#define MG_ALIGNED(bytes) _Alignas(bytes)
#endif

/* Before the definition of a function with a loop that needs all registers. */
#if defined(__GNUC__) || defined(__ARMCC_VERSION)
#define MG_APART __attribute__((noinline))
#else
#define MG_APART
#endif

/* In what is included once for each type of elements: a name for that of MG_SUFFIX. */
#define MG_JOINED(name, suffix) name##_##suffix
#define MG_JOIN(name, suffix) MG_JOINED(name, suffix)
#define MG_TYPED(name) MG_JOIN(name, MG_SUFFIX)

#define MG_AXES 4 /* of what is computed element by element */

/* Right shifts of negative numbers keep the sign, as with every compiler for these cores. */

/* A sum that wraps around where it needs more than 32 bits. */
static inline int32_t mg_plus(int32_t sum, int32_t x)
{
    return (int32_t)((uint32_t)sum + (uint32_t)x);
}

/* x * multiplier * 2^(shift - 31), rounded twice: to 31 bits, and halves away from zero after the
 * shift. So does TensorFlow Lite Micro. */
static inline int32_t mg_scale_twice(int32_t x, int32_t multiplier, int32_t shift)
{
    int32_t high;
    if (shift > 0) {
        x = (int32_t)((uint32_t)x << shift);
        shift = 0;
    }
    high = (int32_t)(((int64_t)x * multiplier + (1 << 30)) >> 31);
    if (shift < 0) {
        const int32_t right = -shift;
        const int32_t rest = high & (int32_t)((1u << right) - 1u);
        const int32_t half = (int32_t)(((1u << right) - 1u) >> 1) + (high < 0);
        high = (high >> right) + (rest > half);
    }
    return high;
}

#if MG_SINGLE_ROUNDING

/* x / 2^bits, halves to the even number. */
static inline int64_t mg_to_even(int64_t x, int32_t bits)
{
    const int64_t half = (int64_t)1 << (bits - 1), whole = x >> bits;
    const int64_t rest = x & (2 * half - 1);
    return whole + (rest > half || (rest == half && (whole & 1)));
}

/* The number of single precision that is next to x. */
static inline int64_t mg_in_single(int64_t x)
{
    int32_t bits = 0;
    while (((x < 0 ? -x : x) >> bits) >= 1 << 24) {
        bits++;
    }
    return bits ? mg_to_even(x, bits) * ((int64_t)1 << bits) : x;
}

/* x * multiplier * 2^(shift - 31), rounded once. LiteRT multiplies in single precision, which
 * matters next to halves alone: results are of 8 bits, and a multiplier has 24. */
static inline int32_t mg_scale(int32_t x, int32_t multiplier, int32_t shift)
{
    const int32_t right = 31 - shift, near = right > 15 ? right - 15 : 0;
    const int64_t product = (int64_t)x * multiplier, half = (int64_t)1 << (right - 1);
    const int64_t off = (product & (2 * half - 1)) - half;
    if ((off < 0 ? -off : off) >> near <= 1) {
        return (int32_t)mg_to_even(mg_in_single(mg_in_single(x) * multiplier), right);
    }
    return (int32_t)((product + half) >> right);
}

#else
#define mg_scale mg_scale_twice
#endif

/* What mg_scale_narrow needs of one channel. */
typedef struct {
    int32_t multiplier, right, offset;
} mg_narrow;

static inline mg_narrow mg_narrow_by(int32_t multiplier, int32_t shift, int32_t zero)
{
    mg_narrow by;
    by.multiplier = multiplier;
    by.right = -shift;
    by.offset = (2 * zero + 1) * (1 << (-shift - 1));
    return by;
}

/* mg_scale(x, multiplier, shift) + zero, where the following holds: x lies between -2^30 and 2^30,
 * shift between -22 and -1, zero between -128 and 127, and MG_SINGLE_ROUNDING is 0. */
static inline int32_t mg_scale_narrow(int32_t x, mg_narrow by)
{
    int32_t high;
#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP
    __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"(x * 2), "r"(by.multiplier));
#else
    high = (int32_t)(((int64_t)x * by.multiplier + (1 << 30)) >> 31);
#endif
    return (high + (high >> 31) + by.offset) >> by.right;
}

/* Which elements of a window lie on an axis and not on padding. */
typedef struct {
    int32_t first, count;
} mg_span;

/* begin: where the first element of the window would be on the axis. All of it may be on padding:
 * then first is 0 as well as count. */
static inline mg_span mg_on_axis(int32_t begin, int32_t window, int32_t dilation, int32_t size)
{
    mg_span found;
    int32_t behind = begin < size ? (size - begin + dilation - 1) / dilation : 0;
    found.first = begin < 0 ? (-begin + dilation - 1) / dilation : 0;
    if (behind > window) {
        behind = window;
    }
    found.count = behind - found.first;
    if (found.count <= 0) {
        found.first = 0;
        found.count = 0;
    }
    return found;
}

static inline int32_t mg_clamp(int32_t x, int32_t least, int32_t largest)
{
    return x < least ? least : x > largest ? largest : x;
}

/* x that is no number stays as it is. */
static inline float mg_clamp_f32(float x, float least, float largest)
{
    return x < least ? least : x > largest ? largest : x;
}

#endif
