/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_softmax_s16.h"

#include "mg_fixed.h"

/* What lies between two entries of a table of 513, of an x from -2^15 to 2^15 - 1. */
static int32_t between(const int16_t *table, int32_t x)
{
    const int32_t place = 256 + (x >> 7), rest = x & 127;
    return table[place] + (((table[place + 1] - table[place]) * rest + 64) >> 7);
}

static int32_t clamped(int32_t x)
{
    return mg_clamp(x, INT16_MIN, INT16_MAX);
}

static void one_row(const mg_softmax_s16_params *p, const int16_t *input, int16_t *output)
{
    int32_t i, maximum = INT16_MIN, sum = 0, headroom, reciprocal, right;
    for (i = 0; i < p->depth; i++) {
        if (input[i] > maximum) {
            maximum = input[i];
        }
    }
    for (i = 0; i < p->depth; i++) {
        const int32_t x = mg_scale_twice(input[i] - maximum, p->multiplier, p->shift);
        output[i] = (int16_t)between(p->exponentials, clamped(x + INT16_MAX));
        sum += output[i];
    }
    headroom = mg_leading_zeros((uint32_t)sum);
    right = 31 - headroom;
    /* From 1 to 2 with 16 bits behind the point; less 1, and around 0. */
    reciprocal = (int32_t)((((int64_t)sum << (headroom - 1)) + (1 << 13)) >> 14);
    reciprocal = between(p->reciprocals, clamped(reciprocal - 3 * (1 << 15)));
    for (i = 0; i < p->depth; i++) {
        const int64_t product = (int64_t)output[i] * reciprocal;
        const int32_t found = (int32_t)((product + ((int64_t)1 << (right - 1))) >> right);
        output[i] = (int16_t)mg_clamp(found, 0, INT16_MAX);
    }
}

void mg_softmax_s16(const mg_softmax_s16_params *p, const int16_t *input, int16_t *output)
{
    int32_t row;
    for (row = 0; row < p->rows; row++) {
        one_row(p, input, output);
        input += p->depth;
        output += p->depth;
    }
}
