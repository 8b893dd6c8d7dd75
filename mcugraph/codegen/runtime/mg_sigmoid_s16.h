/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_SIGMOID_S16_H
#define MG_SIGMOID_S16_H

#include "mg_common.h"

typedef struct {
    const uint16_t *table; /* sigmoids of i / 24, 16 bits behind the point; 256 of them */
    int32_t count;         /* elements */
    int32_t multiplier, right; /* of the input, for numbers with 24ths or 48ths of one */
} mg_sigmoid_s16_params;

/* Logistic functions and hyperbolic tangents, both with 15 bits behind the point: element by
 * element. */
void mg_logistic_s16(const mg_sigmoid_s16_params *p, const int16_t *input, int16_t *output);
void mg_tanh_s16(const mg_sigmoid_s16_params *p, const int16_t *input, int16_t *output);

#endif
