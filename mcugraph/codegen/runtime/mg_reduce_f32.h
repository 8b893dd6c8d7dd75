/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_REDUCE_F32_H
#define MG_REDUCE_F32_H

#include "mg_common.h"

typedef struct {
    int32_t outer, reduced, inner; /* the operand's elements: [outer][reduced][inner] */
} mg_reduce_f32_params;

/* Along axes that lie side by side: result by result. */
void mg_sum_f32(const mg_reduce_f32_params *p, const float *input, float *output);
void mg_mean_f32(const mg_reduce_f32_params *p, const float *input, float *output);
void mg_reduce_max_f32(const mg_reduce_f32_params *p, const float *input, float *output);
void mg_reduce_min_f32(const mg_reduce_f32_params *p, const float *input, float *output);

#endif
