/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_matmul_f32.h"

static float *multiplied(const mg_matmul *m, const float *first, const float *second, float *output)
{
    int32_t i, j, k;
    for (i = 0; i < m->rows; i++) {
        for (j = 0; j < m->columns; j++) {
            const float *a = first + i * m->row, *b = second + j * m->column;
            float sum = 0.0f;
            for (k = 0; k < m->depth; k++) {
                sum += *a * *b;
                a += m->along;
                b += m->below;
            }
            *output++ = sum;
        }
    }
    return output;
}

void mg_matmul_f32(const mg_matmul_f32_params *p, const float *first, const float *second,
                   float *output)
{
    const mg_matmul *m = &p->shape;
    const int32_t *n = m->sizes, *s = m->first, *t = m->second;
    int32_t i, j, k;
    for (i = 0; i < n[0]; i++) {
        for (j = 0; j < n[1]; j++) {
            for (k = 0; k < n[2]; k++) {
                output = multiplied(m, first + i * s[0] + j * s[1] + k * s[2],
                                    second + i * t[0] + j * t[1] + k * t[2], output);
            }
        }
    }
}
