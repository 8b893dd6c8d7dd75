/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_CMSIS_FULLY_CONNECTED_S8_H
#define MG_CMSIS_FULLY_CONNECTED_S8_H

#include "mg_common.h"

typedef struct {
    const int8_t *weights;      /* [units][depth] */
    const int32_t *bias;        /* by unit */
    const int32_t *multipliers; /* by unit, or one for all */
    const int32_t *shifts;      /* likewise */
    int32_t per_unit;           /* 1: by unit */
    int32_t rows, depth, units;
    int32_t input_zero, output_zero;
    int32_t least, largest;
} mg_cmsis_fully_connected_s8_params;

/* arm_fully_connected_s8 and arm_fully_connected_per_channel_s8 of CMSIS-NN. */
void mg_cmsis_fully_connected_s8(const mg_cmsis_fully_connected_s8_params *p, const int8_t *input,
                                 int8_t *output);

#endif
