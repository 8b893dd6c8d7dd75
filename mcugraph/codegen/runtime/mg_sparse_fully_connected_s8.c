/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_sparse_fully_connected_s8.h"

void mg_sparse_fully_connected_s8(const mg_sparse_fully_connected_s8_params *p,
                                  const int8_t *input, int8_t *output)
{
    const mg_fully_connected_s8_params *layer = &p->layer;
    int32_t row, unit, i;
    for (row = 0; row < layer->rows; row++) {
        const int8_t *values = p->weights.values;
        const uint8_t *narrow = p->weights.narrow_columns;
        const uint16_t *wide = p->weights.wide_columns;
        for (unit = 0; unit < layer->units; unit++) {
            const int32_t scale = unit * layer->per_unit, count = p->weights.counts[unit];
            int32_t sum = layer->bias[unit];
            if (narrow) {
                for (i = 0; i < count; i++) {
                    sum = mg_plus(sum, input[*narrow++] * *values++);
                }
            } else {
                for (i = 0; i < count; i++) {
                    sum = mg_plus(sum, input[*wide++] * *values++);
                }
            }
            sum = mg_scale(sum, layer->multipliers[scale], layer->shifts[scale]);
            sum = mg_plus(sum, layer->output_zero);
            output[unit] = (int8_t)mg_clamp(sum, layer->least, layer->largest);
        }
        input += layer->depth;
        output += layer->units;
    }
}
