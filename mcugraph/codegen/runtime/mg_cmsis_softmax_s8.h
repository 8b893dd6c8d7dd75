/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_CMSIS_SOFTMAX_S8_H
#define MG_CMSIS_SOFTMAX_S8_H

#include "mg_common.h"

typedef struct {
    int32_t rows, depth;
    int32_t multiplier, shift;
    int32_t least; /* differences from the largest element that count */
} mg_cmsis_softmax_s8_params;

/* arm_softmax_s8 of CMSIS-NN. */
void mg_cmsis_softmax_s8(const mg_cmsis_softmax_s8_params *p, const int8_t *input, int8_t *output);

#endif
