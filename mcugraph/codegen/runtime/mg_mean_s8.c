/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_mean_s8.h"

void mg_mean_s8(const mg_mean_s8_params *p, const int8_t *input, int8_t *output)
{
    int32_t outer, inner, i;
    for (outer = 0; outer < p->outer; outer++) {
        for (inner = 0; inner < p->inner; inner++) {
            const int8_t *from = input + inner;
            int32_t sum = -p->sum_of_zeros;
            for (i = 0; i < p->reduced; i++) {
                sum += *from;
                from += p->inner;
            }
            sum = mg_scale(sum, p->multiplier, p->shift) + p->output_zero;
            *output++ = (int8_t)mg_clamp(sum, INT8_MIN, INT8_MAX);
        }
        input += p->reduced * p->inner;
    }
}
