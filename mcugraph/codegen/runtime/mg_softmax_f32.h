/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_SOFTMAX_F32_H
#define MG_SOFTMAX_F32_H

#include "mg_common.h"

typedef struct {
    int32_t rows, depth;
    float beta; /* what differences from the largest element are multiplied by */
} mg_softmax_f32_params;

/* Softmax of each row; of its logarithm, beta is 1. */
void mg_softmax_f32(const mg_softmax_f32_params *p, const float *input, float *output);
void mg_log_softmax_f32(const mg_softmax_f32_params *p, const float *input, float *output);

#endif
