/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_FULLY_CONNECTED_S8_H
#define MG_FULLY_CONNECTED_S8_H

#include "mg_common.h"

typedef struct {
    const int8_t *weights;      /* [units][depth] */
    const int32_t *bias;        /* by unit; the input's zero point is in it */
    const int32_t *multipliers; /* by unit, or one for all */
    const int8_t *shifts;       /* by unit, or one for all */
    int32_t per_unit;           /* 1: by unit; 0: one for all */
    int32_t rows, depth, units;
    int32_t output_zero;
    int32_t least, largest; /* stored values that the activation lets through */
} mg_fully_connected_s8_params;

/* Each row of the input by the weights of each unit. Rows are written one after the other. */
void mg_fully_connected_s8(const mg_fully_connected_s8_params *p, const int8_t *input,
                           int8_t *output);

#endif
