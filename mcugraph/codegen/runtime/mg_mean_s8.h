/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_MEAN_S8_H
#define MG_MEAN_S8_H

#include "mg_common.h"

typedef struct {
    /* The operand's elements: [outer][first][middle][second][inner]; first and second go. */
    int32_t outer, first, middle, second, inner;
#if MG_SINGLE_ROUNDING
    float factor, added; /* what the sum of the reduced elements is multiplied by; and then added */
#else
    int32_t multiplier, shift; /* of the sum of the reduced elements */
    int32_t sum_of_zeros;      /* what the sum is of elements that mean 0 */
    int32_t output_zero;
#endif
} mg_mean_s8_params;

/* The mean, or the sum, along some axes: result by result. */
void mg_mean_s8(const mg_mean_s8_params *p, const int8_t *input, int8_t *output);

#endif
