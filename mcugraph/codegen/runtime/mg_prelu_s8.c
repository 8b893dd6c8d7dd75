/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_prelu_s8.h"

static int8_t prelu(const mg_prelu_s8_params *p, int32_t x, int32_t slope)
{
    x -= p->first_zero;
    if (x >= 0) {
        x = mg_scale(x, p->above_multiplier, p->above_shift);
    } else {
        x = mg_scale(x * (slope - p->second_zero), p->below_multiplier, p->below_shift);
    }
    return (int8_t)mg_clamp(x + p->output_zero, INT8_MIN, INT8_MAX);
}

void mg_prelu_s8(const mg_prelu_s8_params *p, const int8_t *first, const int8_t *second,
                 int8_t *output)
{
    const int32_t *n = p->sizes, *s = p->first, *t = p->second;
    int32_t i, j, k, l;
    for (i = 0; i < n[0]; i++) {
        for (j = 0; j < n[1]; j++) {
            for (k = 0; k < n[2]; k++) {
                const int8_t *a = first + i * s[0] + j * s[1] + k * s[2];
                const int8_t *b = second + i * t[0] + j * t[1] + k * t[2];
                for (l = 0; l < n[3]; l++) {
                    *output++ = prelu(p, *a, *b);
                    a += s[3];
                    b += t[3];
                }
            }
        }
    }
}
