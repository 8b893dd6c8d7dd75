/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_SOFTMAX_S8_H
#define MG_SOFTMAX_S8_H

#include "mg_common.h"

#if MG_SINGLE_ROUNDING
typedef float mg_exponential;
#else
typedef int32_t mg_exponential; /* 31 bits behind the point */
#endif

typedef struct {
    const mg_exponential *exponentials; /* exp(-difference * scale) */
    int32_t known; /* how many; what is farther from the maximum counts 0 */
    int32_t rows, depth;
    int32_t wide; /* 1: the result is of int16; 0: of int8 */
} mg_softmax_s8_params;

/* Softmax along the last axis. Each row is read through twice before it is written, element by
 * element as it is read for the third time. */
void mg_softmax_s8(const mg_softmax_s8_params *p, const int8_t *input, void *output);

#endif
