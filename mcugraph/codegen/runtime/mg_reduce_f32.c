/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_reduce_f32.h"

static void reduce(const mg_reduce_f32_params *p, const float *input, float *output,
                   float (*of)(const mg_reduce_f32_params *, const float *))
{
    int32_t outer, inner;
    for (outer = 0; outer < p->outer; outer++) {
        for (inner = 0; inner < p->inner; inner++) {
            *output++ = of(p, input + inner);
        }
        input += p->reduced * p->inner;
    }
}

static float sum(const mg_reduce_f32_params *p, const float *from)
{
    float found = 0.0f;
    int32_t i;
    for (i = 0; i < p->reduced; i++) {
        found += from[i * p->inner];
    }
    return found;
}

static float mean(const mg_reduce_f32_params *p, const float *from)
{
    return sum(p, from) / (float)p->reduced;
}

static float maximum(const mg_reduce_f32_params *p, const float *from)
{
    float found = from[0];
    int32_t i;
    for (i = 1; i < p->reduced; i++) {
        found = from[i * p->inner] > found ? from[i * p->inner] : found;
    }
    return found;
}

static float minimum(const mg_reduce_f32_params *p, const float *from)
{
    float found = from[0];
    int32_t i;
    for (i = 1; i < p->reduced; i++) {
        found = from[i * p->inner] < found ? from[i * p->inner] : found;
    }
    return found;
}

void mg_sum_f32(const mg_reduce_f32_params *p, const float *input, float *output)
{
    reduce(p, input, output, sum);
}

void mg_mean_f32(const mg_reduce_f32_params *p, const float *input, float *output)
{
    reduce(p, input, output, mean);
}

void mg_reduce_max_f32(const mg_reduce_f32_params *p, const float *input, float *output)
{
    reduce(p, input, output, maximum);
}

void mg_reduce_min_f32(const mg_reduce_f32_params *p, const float *input, float *output)
{
    reduce(p, input, output, minimum);
}
