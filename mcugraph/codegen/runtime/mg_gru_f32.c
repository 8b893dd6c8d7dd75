/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_gru_f32.h"

static float opened(const mg_gru_f32_params *p, const mg_gate_f32 *gate, const float *input,
                    const float *hidden, int32_t unit)
{
    return mg_sigmoid_f32(mg_weighed_f32(gate->input, gate->bias, input, p->inputs, unit) +
                          mg_weighed_f32(gate->hidden, gate->hidden_bias, hidden, p->units, unit));
}

static float stepped(const mg_gru_f32_params *p, const float *input, const float *hidden,
                     int32_t unit)
{
    const mg_gate_f32 *of = &p->update;
    const float reset = opened(p, &p->reset, input, hidden, unit);
    const float keep = opened(p, &p->keep, input, hidden, unit);
    const float update =
        tanhf(mg_weighed_f32(of->input, of->bias, input, p->inputs, unit) +
              reset * mg_weighed_f32(of->hidden, of->hidden_bias, hidden, p->units, unit));
    return (1.0f - keep) * update + keep * hidden[unit];
}

static void run(const mg_gru_f32_params *p, const float *input, float *hidden, float *output)
{
    int32_t row, unit;
    for (row = 0; row < p->batches * p->steps; row++) {
        float *last = hidden + (p->time_major ? row % p->batches : row / p->steps) * p->units;
        for (unit = 0; unit < p->units; unit++) {
            output[unit] = stepped(p, input, last, unit);
        }
        memcpy(last, output, (size_t)p->units * sizeof(float));
        input += p->inputs;
        output += p->units;
    }
}

void mg_gru_anew_f32(const mg_gru_f32_params *p, const float *input, float *output, void *scratch)
{
    mg_begin_f32(scratch, p->first_hidden, p->batches * p->units);
    run(p, input, scratch, output);
}

void mg_gru_given_f32(const mg_gru_f32_params *p, const float *input, const float *first_hidden,
                      float *output, float *hidden)
{
    mg_begin_f32(hidden, first_hidden, p->batches * p->units);
    run(p, input, hidden, output);
}
