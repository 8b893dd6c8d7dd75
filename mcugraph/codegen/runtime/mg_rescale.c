/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_rescale.h"

static inline int32_t rescaled(const mg_rescale_params *p, int32_t x)
{
    x -= p->input_zero;
    if (x >= 0) {
        x = mg_scale_twice(x, p->above_multiplier, p->above_shift);
    } else {
        x = p->below_sign * mg_scale_twice(x, p->below_multiplier, p->below_shift);
    }
    return mg_clamp(mg_plus(x, p->output_zero), p->least, p->largest);
}

void mg_rescale_s16_s16(const mg_rescale_params *p, const int16_t *input, int16_t *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = (int16_t)rescaled(p, input[i]);
    }
}

void mg_rescale_s16_s8(const mg_rescale_params *p, const int16_t *input, int8_t *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = (int8_t)rescaled(p, input[i]);
    }
}

void mg_rescale_s16_s32(const mg_rescale_params *p, const int16_t *input, int32_t *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = rescaled(p, input[i]);
    }
}

void mg_rescale_s8_s16(const mg_rescale_params *p, const int8_t *input, int16_t *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = (int16_t)rescaled(p, input[i]);
    }
}
