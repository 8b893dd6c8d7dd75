/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_BINARY_F32_H
#define MG_BINARY_F32_H

#include "mg_common.h"

typedef struct {
    int32_t sizes[MG_AXES];  /* of the result; axes that go together are one, absent ones are 1 */
    int32_t first[MG_AXES];  /* elements of the first operand from one to the next; 0: the same */
    int32_t second[MG_AXES]; /* of the second one */
    float least, largest;    /* values that the activation lets through */
} mg_binary_f32_params;

/* Functions of two operands, element by element. */
void mg_add_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                float *output);
void mg_sub_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                float *output);
void mg_mul_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                float *output);
void mg_div_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                float *output);
void mg_maximum_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                    float *output);
void mg_minimum_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                    float *output);
void mg_prelu_f32(const mg_binary_f32_params *p, const float *first, const float *second,
                  float *output); /* the first, times the second where it is below zero */
void mg_squared_difference_f32(const mg_binary_f32_params *p, const float *first,
                               const float *second, float *output);

#endif
