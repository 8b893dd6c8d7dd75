/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_FULLY_CONNECTED_W8_H
#define MG_FULLY_CONNECTED_W8_H

#include "mg_common.h"

typedef struct {
    const int8_t *weights; /* [units][depth] */
    const float *scales;   /* of the weights, by unit */
    const float *bias;     /* by unit; NULL: none */
    int32_t rows, depth, units;
    float least, largest; /* values that the activation lets through */
} mg_fully_connected_w8_params;

/* Each row of the input by the weights of each unit, the bias added last. Rows are written one
 * after the other. Weights have eight bits. */
void mg_fully_connected_w8(const mg_fully_connected_w8_params *p, const float *input,
                           float *output);

#endif
