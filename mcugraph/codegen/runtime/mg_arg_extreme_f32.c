/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_arg_extreme_f32.h"

void mg_arg_extreme_f32(const mg_arg_extreme_f32_params *p, const float *input, int32_t *output)
{
    int32_t i, j, k;
    for (i = 0; i < p->outer; i++) {
        for (j = 0; j < p->inner; j++) {
            int32_t best = 0;
            for (k = 1; k < p->length; k++) {
                const float x = input[k * p->inner + j], y = input[best * p->inner + j];
                best = (p->sign > 0 ? x > y : x < y) ? k : best;
            }
            *output++ = best;
        }
        input += p->length * p->inner;
    }
}
