/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_lstm_f32.h"

static float gathered(const mg_lstm_f32_params *p, const mg_gate_f32 *gate, const float *input,
                      const float *hidden, int32_t unit)
{
    return mg_weighed_f32(gate->input, gate->bias, input, p->inputs, unit) +
           mg_weighed_f32(gate->hidden, gate->hidden_bias, hidden, p->units, unit);
}

static float stepped(const mg_lstm_f32_params *p, const float *input, const float *hidden,
                     float *cell, int32_t unit)
{
    const float keep = mg_sigmoid_f32(gathered(p, &p->forget, input, hidden, unit));
    const float enter = mg_sigmoid_f32(gathered(p, &p->enter, input, hidden, unit));
    const float update = tanhf(gathered(p, &p->update, input, hidden, unit));
    const float leave = mg_sigmoid_f32(gathered(p, &p->leave, input, hidden, unit));
    float kept = keep * cell[unit];
    const float entered = enter * update;
    kept += entered;
    cell[unit] = p->clip > 0.0f ? mg_clamp_f32(kept, -p->clip, p->clip) : kept;
    return tanhf(cell[unit]) * leave;
}

void mg_lstm_f32(const mg_lstm_f32_params *p, const float *input, float *hidden, float *cell,
                 float *output)
{
    int32_t row, unit;
    for (row = 0; row < p->batches * p->steps; row++) {
        const int32_t first = (p->time_major ? row % p->batches : row / p->steps) * p->units;
        for (unit = 0; unit < p->units; unit++) {
            output[unit] = stepped(p, input, hidden + first, cell + first, unit);
        }
        memcpy(hidden + first, output, (size_t)p->units * sizeof(float));
        input += p->inputs;
        output += p->units;
    }
}

void mg_lstm_anew_f32(const mg_lstm_f32_params *p, const float *input, float *output, void *scratch)
{
    const int32_t count = p->batches * p->units;
    float *hidden = scratch, *cell = hidden + count;
    mg_begin_f32(hidden, p->first_hidden, count);
    mg_begin_f32(cell, p->first_cell, count);
    mg_lstm_f32(p, input, hidden, cell, output);
}

void mg_lstm_given_f32(const mg_lstm_f32_params *p, const float *input, const float *first_hidden,
                       const float *first_cell, float *output, float *hidden, float *cell)
{
    mg_begin_f32(hidden, first_hidden, p->batches * p->units);
    mg_begin_f32(cell, first_cell, p->batches * p->units);
    mg_lstm_f32(p, input, hidden, cell, output);
}
