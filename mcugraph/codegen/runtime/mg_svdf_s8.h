/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_SVDF_S8_H
#define MG_SVDF_S8_H

#include "mg_common.h"

typedef struct {
    const int8_t *features; /* [units][rank][inputs] */
    const void *times;      /* [units][rank][memory], of the state's type */
    const int32_t *bias;    /* by unit */
    int32_t wide;           /* 1: the state is of int16; 0: of int8 */
    int32_t batches, inputs, units, rank, memory;
    int32_t input_zero, state_zero, output_zero;
    int32_t state_multiplier, state_shift;
    int32_t output_multiplier, output_shift;
} mg_svdf_s8_params;

/* A layer that filters each input by features, and these over time. state: [batches][units][rank]
 * [memory], the latest last. */
void mg_svdf_s8(const mg_svdf_s8_params *p, const int8_t *input, void *state, int8_t *output);

#endif
