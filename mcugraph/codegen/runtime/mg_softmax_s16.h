/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_SOFTMAX_S16_H
#define MG_SOFTMAX_S16_H

#include "mg_common.h"

typedef struct {
    const int16_t *exponentials; /* exp(10 * (i / 512 - 1)), 15 bits behind the point; 513 */
    const int16_t *reciprocals;  /* 1 / (1 + i / 512), likewise */
    int32_t rows, depth;
    int32_t multiplier, shift; /* of differences, for 6553.5ths of one */
} mg_softmax_s16_params;

/* Softmax along the last axis, 15 bits behind the point. Each row is read through before it is
 * written, element by element as it is read for the second time. */
void mg_softmax_s16(const mg_softmax_s16_params *p, const int16_t *input, int16_t *output);

#endif
