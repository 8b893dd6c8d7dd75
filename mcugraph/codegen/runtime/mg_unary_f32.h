/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_UNARY_F32_H
#define MG_UNARY_F32_H

#include "mg_common.h"

typedef struct {
    int32_t count; /* elements */
    float alpha;   /* the slope of a leaky ReLU below 0, the depth of an ELU, not 0: a GELU by tanh */
} mg_unary_f32_params;

/* Functions of one operand, element by element. */
void mg_abs_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_ceil_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_cos_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_elu_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_exp_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_floor_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_gelu_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_hard_swish_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_leaky_relu_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_log_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_logistic_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_neg_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_relu_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_relu6_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_relu_0_to_1_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_relu_n1_to_1_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_round_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_rsqrt_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_sin_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_sqrt_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_square_f32(const mg_unary_f32_params *p, const float *input, float *output);
void mg_tanh_f32(const mg_unary_f32_params *p, const float *input, float *output);

#endif
