/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_lstm_s8.h"

#include "mg_dsp.h"
#include "mg_sigmoid_table.h"

static int32_t clamped(int32_t x)
{
    return mg_clamp(x, INT16_MIN, INT16_MAX);
}

static int32_t weighed(const mg_lstm_part *part, const int8_t *from, int32_t unit)
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

/* What goes into a gate, with 12 bits behind the point. */
static int32_t gathered(const mg_lstm_gate *gate, const int8_t *input, const int8_t *hidden,
                        int32_t unit)
{
    return clamped(weighed(&gate->input, input, unit) + weighed(&gate->hidden, hidden, unit));
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

static int8_t stepped(const mg_lstm_s8_params *p, const int8_t *input, const int8_t *hidden,
                      int16_t *cell, int32_t unit)
{
    const uint16_t *table = p->sigmoid;
    const int32_t keep = sigmoid(table, gathered(&p->forget, input, hidden, unit));
    const int32_t enter = sigmoid(table, gathered(&p->enter, input, hidden, unit));
    const int32_t leave = sigmoid(table, gathered(&p->leave, input, hidden, unit));
    const int32_t update = hyperbolic(table, gathered(&p->update, input, hidden, unit), 0);
    int32_t kept = clamped(mg_scale(keep * cell[unit], p->keep_multiplier, p->keep_shift));
    int32_t found = clamped(mg_scale(enter * update, p->enter_multiplier, p->enter_shift));
    kept = mg_clamp(clamped(kept + found), p->least, p->largest);
    cell[unit] = (int16_t)kept;
    found = hyperbolic(table, kept, p->cell_shift) * leave;
    found = mg_scale(found, p->leave_multiplier, p->leave_shift) + p->output_zero;
    return (int8_t)mg_clamp(found, INT8_MIN, INT8_MAX);
}

void mg_lstm_s8(const mg_lstm_s8_params *p, const int8_t *input, int8_t *hidden, int16_t *cell,
                int8_t *output)
{
    int32_t row, unit;
    for (row = 0; row < p->batches * p->steps; row++) {
        const int32_t first = (p->time_major ? row % p->batches : row / p->steps) * p->units;
        for (unit = 0; unit < p->units; unit++) {
            output[unit] = stepped(p, input, hidden + first, cell + first, unit);
        }
        memcpy(hidden + first, output, (size_t)p->units);
        input += p->inputs;
        output += p->units;
    }
}
