/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_unary_f32.h"

#include <math.h>

static void for_each(const mg_unary_f32_params *p, const float *input, float *output,
                     float (*of)(float, float))
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = of(input[i], p->alpha);
    }
}

static float abs_of(float x, float alpha)
{
    (void)alpha;
    return fabsf(x);
}

void mg_abs_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, abs_of);
}

static float ceil_of(float x, float alpha)
{
    (void)alpha;
    return ceilf(x);
}

void mg_ceil_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, ceil_of);
}

static float cos_of(float x, float alpha)
{
    (void)alpha;
    return cosf(x);
}

void mg_cos_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, cos_of);
}

static float elu_of(float x, float alpha)
{
    return x < 0.0f ? alpha * expm1f(x) : x;
}

void mg_elu_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, elu_of);
}

static float exp_of(float x, float alpha)
{
    (void)alpha;
    return expf(x);
}

void mg_exp_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, exp_of);
}

static float floor_of(float x, float alpha)
{
    (void)alpha;
    return floorf(x);
}

void mg_floor_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, floor_of);
}

static float gelu_of(float x, float alpha)
{
    if (alpha != 0.0f) { /* by a polynomial */
        return 0.5f * x * (1.0f + tanhf(0.797884583f * (x + 0.044715f * x * x * x)));
    }
    return 0.5f * x * erfcf(x * -0.707106769f);
}

void mg_gelu_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, gelu_of);
}

static float hard_swish_of(float x, float alpha)
{
    (void)alpha;
    return x * (x + 3.0f < 0.0f ? 0.0f : x + 3.0f > 6.0f ? 6.0f : x + 3.0f) / 6.0f;
}

void mg_hard_swish_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, hard_swish_of);
}

static float leaky_relu_of(float x, float alpha)
{
    return x > 0.0f ? x : x * alpha;
}

void mg_leaky_relu_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, leaky_relu_of);
}

static float log_of(float x, float alpha)
{
    (void)alpha;
    return logf(x);
}

void mg_log_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, log_of);
}

static float logistic_of(float x, float alpha)
{
    (void)alpha;
    if (x > 16.619047164916992188f) { /* 1 in single precision */
        return 1.0f;
    }
    return x < -9.0f ? expf(x) : 1.0f / (1.0f + expf(-x));
}

void mg_logistic_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, logistic_of);
}

static float neg_of(float x, float alpha)
{
    (void)alpha;
    return -x;
}

void mg_neg_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, neg_of);
}

static float relu_of(float x, float alpha)
{
    (void)alpha;
    return x < 0.0f ? 0.0f : x;
}

void mg_relu_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, relu_of);
}

static float relu6_of(float x, float alpha)
{
    (void)alpha;
    return mg_clamp_f32(x, 0.0f, 6.0f);
}

void mg_relu6_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, relu6_of);
}

static float relu_0_to_1_of(float x, float alpha)
{
    (void)alpha;
    return mg_clamp_f32(x, 0.0f, 1.0f);
}

void mg_relu_0_to_1_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, relu_0_to_1_of);
}

static float relu_n1_to_1_of(float x, float alpha)
{
    (void)alpha;
    return mg_clamp_f32(x, -1.0f, 1.0f);
}

void mg_relu_n1_to_1_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, relu_n1_to_1_of);
}

static float round_of(float x, float alpha)
{
    const float below = floorf(x), rest = x - below;
    (void)alpha;
    if (rest < 0.5f || (rest == 0.5f && below == 2.0f * floorf(below / 2.0f))) {
        return below;
    }
    return below + 1.0f;
}

void mg_round_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, round_of);
}

static float rsqrt_of(float x, float alpha)
{
    (void)alpha;
    return 1.0f / sqrtf(x);
}

void mg_rsqrt_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, rsqrt_of);
}

static float sin_of(float x, float alpha)
{
    (void)alpha;
    return sinf(x);
}

void mg_sin_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, sin_of);
}

static float sqrt_of(float x, float alpha)
{
    (void)alpha;
    return sqrtf(x);
}

void mg_sqrt_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, sqrt_of);
}

static float square_of(float x, float alpha)
{
    (void)alpha;
    return x * x;
}

void mg_square_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, square_of);
}

static float tanh_of(float x, float alpha)
{
    (void)alpha;
    return tanhf(x);
}

void mg_tanh_f32(const mg_unary_f32_params *p, const float *input, float *output)
{
    for_each(p, input, output, tanh_of);
}
