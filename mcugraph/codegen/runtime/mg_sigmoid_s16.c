/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_sigmoid_s16.h"

#include "mg_sigmoid_table.h"

static void each(const mg_sigmoid_s16_params *p, const int16_t *input, int16_t *output,
                 int32_t (*of)(const uint16_t *, int32_t))
{
    const int32_t half = p->right > 0 ? 1 << (p->right - 1) : 0;
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = (int16_t)of(p->table, (input[i] * p->multiplier + half) >> p->right);
    }
}

void mg_logistic_s16(const mg_sigmoid_s16_params *p, const int16_t *input, int16_t *output)
{
    each(p, input, output, mg_sigmoid);
}

void mg_tanh_s16(const mg_sigmoid_s16_params *p, const int16_t *input, int16_t *output)
{
    each(p, input, output, mg_hyperbolic);
}
