/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_fully_connected_f32.h"

void mg_fully_connected_f32(const mg_fully_connected_f32_params *p, const float *input,
                            float *output)
{
    int32_t row, unit, k;
    for (row = 0; row < p->rows; row++) {
        const float *weights = p->weights;
        for (unit = 0; unit < p->units; unit++) {
            float sum = 0.0f;
            for (k = 0; k < p->depth; k++) {
                sum += input[k] * weights[k];
            }
            weights += p->depth;
            sum += p->bias == NULL ? 0.0f : p->bias[unit];
            output[unit] = mg_clamp_f32(sum, p->least, p->largest);
        }
        input += p->depth;
        output += p->units;
    }
}
