/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* LSTMs, once for each type of integers: mg_integers.h says how. weighed tells what a part adds. */

/* What goes into a gate, with 12 bits behind the point. */
static int32_t MG_TYPED(gathered)(const mg_lstm_gate *gate, const MG_T *input, const MG_T *hidden,
                        int32_t unit)
{
    return clamped(MG_TYPED(weighed)(&gate->input, input, unit) + MG_TYPED(weighed)(&gate->hidden, hidden, unit));
}

static MG_T MG_TYPED(stepped)(const mg_lstm_params *p, const MG_T *input, const MG_T *hidden,
                      int16_t *cell, int32_t unit)
{
    const uint16_t *table = p->sigmoid;
    const int32_t keep = sigmoid(table, MG_TYPED(gathered)(&p->forget, input, hidden, unit));
    const int32_t enter = sigmoid(table, MG_TYPED(gathered)(&p->enter, input, hidden, unit));
    const int32_t leave = sigmoid(table, MG_TYPED(gathered)(&p->leave, input, hidden, unit));
    const int32_t update = hyperbolic(table, MG_TYPED(gathered)(&p->update, input, hidden, unit), 0);
    int32_t kept = clamped(mg_scale(keep * cell[unit], p->keep_multiplier, p->keep_shift));
    int32_t found = clamped(mg_scale(enter * update, p->enter_multiplier, p->enter_shift));
    kept = mg_clamp(clamped(kept + found), p->least, p->largest);
    cell[unit] = (int16_t)kept;
    found = hyperbolic(table, kept, p->cell_shift) * leave;
    found = mg_scale(found, p->leave_multiplier, p->leave_shift) + p->output_zero;
    return (MG_T)mg_clamp(found, MG_LEAST, MG_LARGEST);
}

void MG_TYPED(mg_lstm)(const mg_lstm_params *p, const MG_T *input, MG_T *hidden, int16_t *cell,
                MG_T *output)
{
    int32_t row, unit;
    for (row = 0; row < p->batches * p->steps; row++) {
        const int32_t first = (p->time_major ? row % p->batches : row / p->steps) * p->units;
        for (unit = 0; unit < p->units; unit++) {
            output[unit] = MG_TYPED(stepped)(p, input, hidden + first, cell + first, unit);
        }
        memcpy(hidden + first, output, (size_t)p->units * sizeof(MG_T));
        input += p->inputs;
        output += p->units;
    }
}
