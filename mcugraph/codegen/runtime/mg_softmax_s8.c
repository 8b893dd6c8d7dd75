/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_softmax_s8.h"

#include "mg_fixed.h"

#if MG_SINGLE_ROUNDING

/* As LiteRT does it: in single precision. */
typedef float share;

static float part_of_sum(float exponential)
{
    return exponential;
}

static share share_of(const mg_softmax_s8_params *p, float sum)
{
    return 1.0f / (sum * (p->wide ? 1.0f / 65536.0f : 1.0f / 256.0f));
}

static int32_t steps_of(share by, float exponential)
{
    const float steps = exponential * by;
    const int32_t whole = (int32_t)steps;
    return whole + (steps - (float)whole >= 0.5f);
}

#else

#define ONE_LESS 12 /* bits before the point of the sum of exponentials */

/* What an exponential is multiplied by, and what the product is shifted by. */
typedef struct {
    int32_t scale, shift;
} share;

static int32_t part_of_sum(int32_t exponential)
{
    return mg_shift_right(exponential, ONE_LESS);
}

static share share_of(const mg_softmax_s8_params *p, int32_t sum)
{
    const int32_t headroom = mg_leading_zeros((uint32_t)sum);
    share found;
    found.scale = mg_reciprocal((int32_t)(((uint32_t)sum << headroom) - ((uint32_t)1 << 31)));
    found.shift = ONE_LESS - headroom + 31 - (p->wide ? 16 : 8);
    return found;
}

static int32_t steps_of(share by, int32_t exponential)
{
    return mg_shift_right(mg_high(by.scale, exponential), by.shift);
}

#endif

static void one_row(const mg_softmax_s8_params *p, const int8_t *input, void *output)
{
    const int32_t least = p->wide ? INT16_MIN : INT8_MIN;
    int32_t i, maximum = INT8_MIN;
    mg_exponential sum = 0;
    share by;
    for (i = 0; i < p->depth; i++) {
        if (input[i] > maximum) {
            maximum = input[i];
        }
    }
    for (i = 0; i < p->depth; i++) {
        const int32_t difference = maximum - input[i];
        if (difference < p->known) {
            sum += part_of_sum(p->exponentials[difference]);
        }
    }
    by = share_of(p, sum);
    for (i = 0; i < p->depth; i++) {
        const int32_t difference = maximum - input[i];
        int32_t result = least;
        if (difference < p->known) {
            result += steps_of(by, p->exponentials[difference]);
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
