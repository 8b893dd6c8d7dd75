/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_add_s8.h"

#define LEFT 20 /* bits that operands are shifted before they are scaled to one scale */

static int8_t sum_of(const mg_add_s8_params *p, int32_t a, int32_t b)
{
    int32_t sum;
    a = mg_scale((a - p->first_zero) * (1 << LEFT), p->first_multiplier, p->first_shift);
    b = mg_scale((b - p->second_zero) * (1 << LEFT), p->second_multiplier, p->second_shift);
    sum = mg_scale(a + p->sign * b, p->output_multiplier, p->output_shift) + p->output_zero;
    return (int8_t)mg_clamp(sum, p->least, p->largest);
}

void mg_add_s8(const mg_add_s8_params *p, const int8_t *first, const int8_t *second,
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
                    *output++ = sum_of(p, *a, *b);
                    a += s[3];
                    b += t[3];
                }
            }
        }
    }
}
