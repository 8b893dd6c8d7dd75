/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_softmax_s8.h"

#include "mg_fixed.h"

#define ONE_LESS 12 /* bits before the point of the sum of exponentials */

static void one_row(const mg_softmax_s8_params *p, const int8_t *input, void *output)
{
    const int32_t bits = p->wide ? 16 : 8, least = -(1 << (bits - 1));
    int32_t i, maximum = INT8_MIN, sum = 0, headroom, scale, shift;
    for (i = 0; i < p->depth; i++) {
        if (input[i] > maximum) {
            maximum = input[i];
        }
    }
    for (i = 0; i < p->depth; i++) {
        const int32_t difference = maximum - input[i];
        if (difference < p->known) {
            sum += mg_shift_right(p->exponentials[difference], ONE_LESS);
        }
    }
    headroom = mg_leading_zeros((uint32_t)sum);
    scale = mg_reciprocal((int32_t)(((uint32_t)sum << headroom) - ((uint32_t)1 << 31)));
    shift = ONE_LESS - headroom + 31 - bits;
    for (i = 0; i < p->depth; i++) {
        const int32_t difference = maximum - input[i];
        int32_t result = least;
        if (difference < p->known) {
            result += mg_shift_right(mg_high(scale, p->exponentials[difference]), shift);
        }
        result = mg_clamp(result, least, -least - 1);
        if (p->wide) {
            ((int16_t *)output)[i] = (int16_t)result;
        } else {
            ((int8_t *)output)[i] = (int8_t)result;
        }
    }
}

void mg_softmax_s8(const mg_softmax_s8_params *p, const int8_t *input, void *output)
{
    uint8_t *to = output;
    int32_t row;
    for (row = 0; row < p->rows; row++) {
        one_row(p, input, to);
        input += p->depth;
        to += p->depth * (1 + p->wide);
    }
}
