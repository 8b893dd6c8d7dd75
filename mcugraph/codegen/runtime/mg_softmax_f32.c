/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_softmax_f32.h"

#include <math.h>

static float largest_of(const float *row, int32_t depth)
{
    float found = row[0];
    int32_t i;
    for (i = 1; i < depth; i++) {
        found = row[i] > found ? row[i] : found;
    }
    return found;
}

void mg_softmax_f32(const mg_softmax_f32_params *p, const float *input, float *output)
{
    int32_t row, i;
    for (row = 0; row < p->rows; row++) {
        const float largest = largest_of(input, p->depth);
        float sum = 0.0f;
        for (i = 0; i < p->depth; i++) {
            output[i] = expf((input[i] - largest) * p->beta);
            sum += output[i];
        }
        for (i = 0; i < p->depth; i++) {
            output[i] /= sum;
        }
        input += p->depth;
        output += p->depth;
    }
}

void mg_log_softmax_f32(const mg_softmax_f32_params *p, const float *input, float *output)
{
    int32_t row, i;
    for (row = 0; row < p->rows; row++) {
        const float largest = largest_of(input, p->depth);
        float sum = 0.0f;
        for (i = 0; i < p->depth; i++) {
            sum += expf(input[i] - largest);
        }
        sum = logf(sum);
        for (i = 0; i < p->depth; i++) {
            output[i] = input[i] - largest - sum;
        }
        input += p->depth;
        output += p->depth;
    }
}
