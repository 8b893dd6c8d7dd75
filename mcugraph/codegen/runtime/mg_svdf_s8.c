/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_svdf_s8.h"

/* Puts a feature behind a row of the state, whose oldest one is dropped. */
static void remember(const mg_svdf_s8_params *p, const int8_t *input, const int8_t *weights,
                     uint8_t *row)
{
    const int32_t size = 1 + p->wide, kept = (p->memory - 1) * size;
    int32_t sum = 0, i;
    for (i = 0; i < p->inputs; i++) {
        sum = mg_plus(sum, weights[i] * (input[i] - p->input_zero));
    }
    sum = mg_scale(sum, p->state_multiplier, p->state_shift);
    memmove(row, row + size, (size_t)kept);
    if (p->wide) {
        const int16_t latest = (int16_t)(mg_clamp(sum, INT16_MIN, INT16_MAX) + p->state_zero);
        memcpy(row + kept, &latest, sizeof latest);
    } else {
        row[kept] = (uint8_t)(mg_clamp(sum, INT8_MIN, INT8_MAX) + p->state_zero);
    }
}

/* The products of so many numbers of the state and their weights. */
static int32_t products(const mg_svdf_s8_params *p, const void *state, int32_t first,
                        int32_t place, int32_t count)
{
    int32_t sum = 0, i;
    if (p->wide) {
        const int16_t *from = (const int16_t *)state + first;
        const int16_t *by = (const int16_t *)p->times + place;
        for (i = 0; i < count; i++) {
            sum = mg_plus(sum, by[i] * (from[i] - p->state_zero));
        }
    } else {
        const int8_t *from = (const int8_t *)state + first;
        const int8_t *by = (const int8_t *)p->times + place;
        for (i = 0; i < count; i++) {
            sum = mg_plus(sum, by[i] * (from[i] - p->state_zero));
        }
    }
    return sum;
}

void mg_svdf_s8(const mg_svdf_s8_params *p, const int8_t *input, void *state, int8_t *output)
{
    const int32_t filters = p->units * p->rank, each = p->rank * p->memory;
    int32_t batch, i;
    for (batch = 0; batch < p->batches; batch++) {
        const int32_t first = batch * filters * p->memory;
        for (i = 0; i < filters; i++) {
            uint8_t *row = (uint8_t *)state + (first + i * p->memory) * (1 + p->wide);
            remember(p, input, p->features + i * p->inputs, row);
        }
        for (i = 0; i < p->units; i++) {
            int32_t sum = products(p, state, first + i * each, i * each, each);
            sum = mg_scale(mg_plus(sum, p->bias[i]), p->output_multiplier, p->output_shift);
            sum = mg_plus(sum, p->output_zero);
            *output++ = (int8_t)mg_clamp(sum, INT8_MIN, INT8_MAX);
        }
        input += p->inputs;
    }
}
