/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_MEAN_H
#define MG_MEAN_H

#include "mg_common.h"

/* The operand's elements: [outer][first][middle][second][inner]; first and second go. */
typedef struct {
    int32_t outer, first, middle, second, inner;
} mg_mean_axes;

typedef struct {
    mg_mean_axes axes;
    int32_t multiplier, shift; /* of the sum of the reduced elements */
    int32_t sum_of_zeros;      /* what the sum is of elements that mean 0 */
    int32_t output_zero;
} mg_mean_params;

/* The mean, or the sum, along some axes: result by result. */
void mg_mean_s8(const mg_mean_params *p, const int8_t *input, int8_t *output);
void mg_mean_s16(const mg_mean_params *p, const int16_t *input, int16_t *output);

#if MG_SINGLE_ROUNDING

typedef struct {
    mg_mean_axes axes;
    float factor, added; /* what the sum of the reduced elements is multiplied by; and then added */
} mg_mean_once_params;

/* Likewise, in single precision, as LiteRT does it. */
void mg_mean_once_s8(const mg_mean_once_params *p, const int8_t *input, int8_t *output);

#endif
#endif
