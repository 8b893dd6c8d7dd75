/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_ENDING_S16_H
#define MG_ENDING_S16_H

#include "mg_common.h"

/* x * multiplier * 2^(shift - 15), halves upwards; a multiplier has 15 bits. */
static inline int32_t mg_scale_wide(int64_t x, int32_t multiplier, int32_t shift)
{
    const int32_t right = 15 - shift;
    return (int32_t)((x * multiplier + ((int64_t)1 << (right - 1))) >> right);
}

/* How sums of products of int16 and int8 become results. */
typedef struct {
    const int64_t *bias;        /* by channel */
    const int32_t *multipliers; /* by channel, or one for all */
    const int8_t *shifts;       /* by channel, or one for all */
    int32_t per_channel;        /* 1: by channel; 0: one for all */
    int32_t narrow;             /* 1: by mg_scale_twice; 0: by mg_scale_wide */
    int32_t least, largest;     /* stored values that the activation lets through */
} mg_ending_s16;

static inline int16_t mg_ended_s16(const mg_ending_s16 *by, int64_t sum, int32_t channel)
{
    const int32_t multiplier = by->multipliers[channel * by->per_channel];
    const int32_t shift = by->shifts[channel * by->per_channel];
    int32_t scaled;
    sum += by->bias[channel];
    scaled = by->narrow ? mg_scale_twice((int32_t)sum, multiplier, shift)
                        : mg_scale_wide(sum, multiplier, shift);
    return (int16_t)mg_clamp(scaled, by->least, by->largest);
}

#endif
