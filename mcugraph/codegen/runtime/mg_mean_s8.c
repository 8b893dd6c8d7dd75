/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_mean_s8.h"

static int32_t summed(const mg_mean_s8_params *p, const int8_t *from)
{
    const int32_t further = p->middle * p->second * p->inner;
    int32_t sum = 0, i, j;
    for (i = 0; i < p->first; i++) {
        const int8_t *next = from;
        for (j = 0; j < p->second; j++) {
            sum += *next;
            next += p->inner;
        }
        from += further;
    }
    return sum;
}

static int8_t result_of(const mg_mean_s8_params *p, int32_t sum)
{
#if MG_SINGLE_ROUNDING
    const float whole = 12582912.0f; /* a number of single precision as large has no fraction */
    const float stored = (float)sum * p->factor + p->added;
    return (int8_t)(mg_clamp_f32(stored, INT8_MIN, INT8_MAX) + whole - whole);
#else
    sum = mg_scale(sum - p->sum_of_zeros, p->multiplier, p->shift) + p->output_zero;
    return (int8_t)mg_clamp(sum, INT8_MIN, INT8_MAX);
#endif
}

void mg_mean_s8(const mg_mean_s8_params *p, const int8_t *input, int8_t *output)
{
    const int32_t row = p->second * p->inner;
    int32_t outer, middle, inner;
    for (outer = 0; outer < p->outer; outer++) {
        for (middle = 0; middle < p->middle; middle++) {
            for (inner = 0; inner < p->inner; inner++) {
                *output++ = result_of(p, summed(p, input + middle * row + inner));
            }
        }
        input += p->first * p->middle * row;
    }
}
