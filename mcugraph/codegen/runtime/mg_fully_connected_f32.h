/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_FULLY_CONNECTED_F32_H
#define MG_FULLY_CONNECTED_F32_H

#include "mg_common.h"

typedef struct {
    const float *weights; /* [units][depth] */
    const float *bias;    /* by unit; NULL: none */
    int32_t rows, depth, units;
    float least, largest; /* values that the activation lets through */
} mg_fully_connected_f32_params;

/* Each row of the input by the weights of each unit, the bias added last. Rows are written one
 * after the other. */
void mg_fully_connected_f32(const mg_fully_connected_f32_params *p, const float *input,
                            float *output);

#endif
