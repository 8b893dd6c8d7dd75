/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_extremes_s8.h"

static void choose(const mg_extremes_s8_params *p, const int8_t *first, const int8_t *second,
                   int8_t *output, int32_t larger)
{
    const int32_t *n = p->sizes, *s = p->first, *t = p->second;
    int32_t i, j, k, l;
    for (i = 0; i < n[0]; i++) {
        for (j = 0; j < n[1]; j++) {
            for (k = 0; k < n[2]; k++) {
                const int8_t *a = first + i * s[0] + j * s[1] + k * s[2];
                const int8_t *b = second + i * t[0] + j * t[1] + k * t[2];
                for (l = 0; l < n[3]; l++) {
                    *output++ = (*a > *b) == larger ? *a : *b;
                    a += s[3];
                    b += t[3];
                }
            }
        }
    }
}

void mg_maximum_s8(const mg_extremes_s8_params *p, const int8_t *first, const int8_t *second,
                   int8_t *output)
{
    choose(p, first, second, output, 1);
}

void mg_minimum_s8(const mg_extremes_s8_params *p, const int8_t *first, const int8_t *second,
                   int8_t *output)
{
    choose(p, first, second, output, 0);
}
