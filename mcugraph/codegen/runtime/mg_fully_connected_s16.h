/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_FULLY_CONNECTED_S16_H
#define MG_FULLY_CONNECTED_S16_H

#include "mg_ending_s16.h"

typedef struct {
    const int8_t *weights; /* [units][depth] */
    int32_t rows, depth, units;
    mg_ending_s16 ending;
} mg_fully_connected_s16_params;

/* Each row of the input by the weights of each unit, the bias added last. Rows are written one
 * after the other. */
void mg_fully_connected_s16(const mg_fully_connected_s16_params *p, const int16_t *input,
                            int16_t *output);

#endif
