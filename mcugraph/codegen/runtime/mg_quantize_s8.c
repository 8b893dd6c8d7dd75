/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_quantize_s8.h"

#include <math.h>

void mg_quantize_s8(const mg_quantize_s8_params *p, const float *input, int8_t *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        /* What is far outside is brought near before it becomes an integer. */
        const float stored = mg_clamp_f32(roundf(input[i] / p->scale), -1000.0f, 1000.0f);
        output[i] = (int8_t)mg_clamp((int32_t)stored + p->zero, INT8_MIN, INT8_MAX);
    }
}

void mg_dequantize_s8(const mg_quantize_s8_params *p, const int8_t *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = p->scale * (float)(input[i] - p->zero);
    }
}
