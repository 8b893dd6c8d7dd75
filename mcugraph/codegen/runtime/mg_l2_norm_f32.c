/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_l2_norm_f32.h"

#include <math.h>

void mg_l2_norm_f32(const mg_l2_norm_f32_params *p, const float *input, float *output)
{
    int32_t row, i;
    for (row = 0; row < p->rows; row++) {
        float sum = 0.0f, norm;
        for (i = 0; i < p->depth; i++) {
            sum += input[i] * input[i];
        }
        norm = sqrtf(sum);
        if (norm < 1e-6f) {
            norm = 1e-6f;
        }
        for (i = 0; i < p->depth; i++) {
            output[i] = input[i] / norm;
        }
        input += p->depth;
        output += p->depth;
    }
}
