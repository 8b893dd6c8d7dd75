/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_FIXED_H
#define MG_FIXED_H

#include "mg_common.h"

/* a * b / 2^31, rounded; of the one product that does not fit, the largest number. */
static inline int32_t mg_high(int32_t a, int32_t b)
{
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

/* x / 2^bits, halves away from zero; bits from 0 to 31. */
static inline int32_t mg_shift_right(int32_t x, int32_t bits)
{
    const int32_t rest = (int32_t)((uint32_t)x & (((uint32_t)1 << bits) - 1u));
    const int32_t half = (int32_t)((((uint32_t)1 << bits) - 1u) >> 1) + (x < 0);
    return (x >> bits) + (rest > half);
}

/* x * 2^bits, or the least or the largest number. */
static inline int32_t mg_shift_left(int32_t x, int32_t bits)
{
    const int32_t largest = INT32_MAX >> bits;
    if (x > largest) {
        return INT32_MAX;
    }
    return x < -largest - 1 ? INT32_MIN : (int32_t)((uint32_t)x << bits);
}

static inline int32_t mg_leading_zeros(uint32_t x)
{
    int32_t found = 0;
    if (x == 0) {
        return 32;
    }
    while (!(x >> 31)) {
        x <<= 1;
        found++;
    }
    return found;
}

/* 1 / (1 + x) for x from 0 to 1, both with 31 bits behind the point: three steps of Newton's. */
int32_t mg_reciprocal(int32_t x);

#endif
