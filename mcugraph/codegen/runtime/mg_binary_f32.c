/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_binary_f32.h"

static void for_each(const mg_binary_f32_params *p, const float *first, const float *second,
                     float *output, float (*of)(float, float))
{
    const int32_t *n = p->sizes, *s = p->first, *t = p->second;
    int32_t i, j, k, l;
    for (i = 0; i < n[0]; i++) {
        for (j = 0; j < n[1]; j++) {
            for (k = 0; k < n[2]; k++) {
                const float *a = first + i * s[0] + j * s[1] + k * s[2];
                const float *b = second + i * t[0] + j * t[1] + k * t[2];
                for (l = 0; l < n[3]; l++) {
                    *output++ = mg_clamp_f32(of(*a, *b), p->least, p->largest);
                    a += s[3];
                    b += t[3];
                }
            }
        }
    }
}

static float add(float a, float b)
{
    return a + b;
}

void mg_add_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                float *output)
{
    for_each(p, first, second, output, add);
}

static float sub(float a, float b)
{
    return a - b;
}

void mg_sub_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                float *output)
{
    for_each(p, first, second, output, sub);
}

static float mul(float a, float b)
{
    return a * b;
}

void mg_mul_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                float *output)
{
    for_each(p, first, second, output, mul);
}

static float div(float a, float b)
{
    return a / b;
}

void mg_div_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                float *output)
{
    for_each(p, first, second, output, div);
}

static float maximum(float a, float b)
{
    return a > b ? a : b;
}

void mg_maximum_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                    float *output)
{
    for_each(p, first, second, output, maximum);
}

static float minimum(float a, float b)
{
    return a < b ? a : b;
}

void mg_minimum_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                    float *output)
{
    for_each(p, first, second, output, minimum);
}

static float prelu(float a, float b)
{
    return a >= 0.0f ? a : a * b;
}

void mg_prelu_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                  float *output)
{
    for_each(p, first, second, output, prelu);
}

static float squared_difference(float a, float b)
{
    return (a - b) * (a - b);
}

void mg_squared_difference_f32(const mg_binary_f32_params *p, const float *first,
                               const float *second, float *output)
{
    for_each(p, first, second, output, squared_difference);
}
