/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_prelu_s8.h"

static int8_t prelu(const mg_prelu_s8_params *p, int8_t data, int8_t slope)
{
    int32_t x = data - p->first_zero;
    if (x >= 0) {
        x = mg_scale_twice(x, p->above_multiplier, p->above_shift);
    } else {
        x = mg_scale_twice(x * (slope - p->second_zero), p->below_multiplier, p->below_shift);
    }
    return (int8_t)mg_clamp(x + p->output_zero, INT8_MIN, INT8_MAX);
}

#define MG_T int8_t
#define MG_SUFFIX s8
#define MG_PARAMS mg_prelu_s8_params
#include "mg_pairs.h"

void mg_prelu_s8(const mg_prelu_s8_params *p, const int8_t *first, const int8_t *second,
                 int8_t *output)
{
    each_pair_s8(p, first, second, output, prelu);
}
