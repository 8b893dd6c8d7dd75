/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_binary_f32.h"

#define MG_T float
#define MG_SUFFIX f32
#define MG_PARAMS mg_binary_f32_params
#include "mg_pairs.h"

static float add(const mg_binary_f32_params *p, float a, float b)
{
    return mg_clamp_f32(a + b, p->least, p->largest);
}

void mg_add_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                float *output)
{
    each_pair_f32(p, first, second, output, add);
}

static float sub(const mg_binary_f32_params *p, float a, float b)
{
    return mg_clamp_f32(a - b, p->least, p->largest);
}

void mg_sub_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                float *output)
{
    each_pair_f32(p, first, second, output, sub);
}

static float mul(const mg_binary_f32_params *p, float a, float b)
{
    return mg_clamp_f32(a * b, p->least, p->largest);
}

void mg_mul_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                float *output)
{
    each_pair_f32(p, first, second, output, mul);
}

static float div(const mg_binary_f32_params *p, float a, float b)
{
    return mg_clamp_f32(a / b, p->least, p->largest);
}

void mg_div_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                float *output)
{
    each_pair_f32(p, first, second, output, div);
}

static float maximum(const mg_binary_f32_params *p, float a, float b)
{
    return mg_clamp_f32(a > b ? a : b, p->least, p->largest);
}

void mg_maximum_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                    float *output)
{
    each_pair_f32(p, first, second, output, maximum);
}

static float minimum(const mg_binary_f32_params *p, float a, float b)
{
    return mg_clamp_f32(a < b ? a : b, p->least, p->largest);
}

void mg_minimum_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                    float *output)
{
    each_pair_f32(p, first, second, output, minimum);
}

static float prelu(const mg_binary_f32_params *p, float a, float b)
{
    return mg_clamp_f32(a >= 0.0f ? a : a * b, p->least, p->largest);
}

void mg_prelu_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                  float *output)
{
    each_pair_f32(p, first, second, output, prelu);
}

static float squared_difference(const mg_binary_f32_params *p, float a, float b)
{
    return mg_clamp_f32((a - b) * (a - b), p->least, p->largest);
}

void mg_squared_difference_f32(const mg_binary_f32_params *p, const float *first,
                               const float *second, float *output)
{
    each_pair_f32(p, first, second, output, squared_difference);
}
