/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_fully_connected_s8.h"

void mg_fully_connected_s8(const mg_fully_connected_s8_params *p, const int8_t *input,
                           int8_t *output)
{
    int32_t row, unit, k;
    for (row = 0; row < p->rows; row++) {
        const int8_t *weights = p->weights;
        for (unit = 0; unit < p->units; unit++) {
            const int32_t scale = unit * p->per_unit;
            int32_t sum = p->bias[unit];
            for (k = 0; k < p->depth; k++) {
                sum += input[k] * weights[k];
            }
            weights += p->depth;
            sum = mg_scale(sum, p->multipliers[scale], p->shifts[scale]) + p->output_zero;
            output[unit] = (int8_t)mg_clamp(sum, p->least, p->largest);
        }
        input += p->depth;
        output += p->units;
    }
}
