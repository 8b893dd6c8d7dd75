/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_lstm.h"

#include "mg_dsp.h"
#include "mg_ending_s16.h"
#include "mg_sigmoid_table.h"

static int32_t clamped(int32_t x)
{
    return mg_clamp(x, INT16_MIN, INT16_MAX);
}

static int32_t weighed_s8(const mg_lstm_part *part, const int8_t *from, int32_t unit)
{
    const int8_t *by = part->weights + unit * part->depth;
    int32_t sum = part->bias[unit], left = part->depth;
#if MG_DSP
    for (; left >= 4; left -= 4) {
        const uint32_t word = mg_word(from), other = mg_word(by);
        sum = mg_both(sum, mg_even(word), mg_even(other));
        sum = mg_both(sum, mg_odd(word), mg_odd(other));
        from += 4;
        by += 4;
    }
#endif
    for (; left > 0; left--) {
        sum = mg_plus(sum, *from++ * *by++);
    }
    return clamped(mg_scale(sum, part->multiplier, part->shift));
}

static int32_t weighed_s16(const mg_lstm_part *part, const int16_t *from, int32_t unit)
{
    const int8_t *by = part->weights + unit * part->depth;
    int64_t sum = part->bias[unit];
    int32_t i;
    for (i = 0; i < part->depth; i++) {
        sum += from[i] * by[i];
    }
    return clamped(mg_scale_wide(sum, part->multiplier, part->shift));
}

/* From 12 bits behind the point. */
static int32_t sigmoid(const uint16_t *table, int32_t x)
{
    return mg_sigmoid(table, 3 * x);
}

static int32_t hyperbolic(const uint16_t *table, int32_t x, int32_t shift)
{
    x *= 3;
    x = shift < 0 ? (x + (1 << (-shift - 1))) >> -shift : x * (1 << shift);
    return mg_hyperbolic(table, x);
}

#define MG_FILE "mg_lstm_any.h"
#include "mg_integers.h"
