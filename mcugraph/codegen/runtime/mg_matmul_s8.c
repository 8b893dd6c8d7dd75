/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_matmul_s8.h"

static int8_t *multiplied(const mg_matmul_s8_params *p, const int8_t *first, const int8_t *second,
                          int8_t *output)
{
    const mg_matmul *m = &p->shape;
    int32_t i, j, k;
    for (i = 0; i < m->rows; i++) {
        for (j = 0; j < m->columns; j++) {
            const int8_t *a = first + i * m->row, *b = second + j * m->column;
            int32_t sum = 0;
            for (k = 0; k < m->depth; k++) {
                sum += (*a - p->first_zero) * (*b - p->second_zero);
                a += m->along;
                b += m->below;
            }
            sum = mg_scale_twice(sum, p->multiplier, p->shift) + p->output_zero;
            *output++ = (int8_t)mg_clamp(sum, INT8_MIN, INT8_MAX);
        }
    }
    return output;
}

void mg_matmul_s8(const mg_matmul_s8_params *p, const int8_t *first, const int8_t *second,
                  int8_t *output)
{
    const int32_t *n = p->shape.sizes, *s = p->shape.first, *t = p->shape.second;
    int32_t i, j, k;
    for (i = 0; i < n[0]; i++) {
        for (j = 0; j < n[1]; j++) {
            for (k = 0; k < n[2]; k++) {
                output = multiplied(p, first + i * s[0] + j * s[1] + k * s[2],
                                    second + i * t[0] + j * t[1] + k * t[2], output);
            }
        }
    }
}
