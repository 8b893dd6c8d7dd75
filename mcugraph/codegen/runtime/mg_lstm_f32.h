/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_LSTM_F32_H
#define MG_LSTM_F32_H

#include "mg_gates_f32.h"

typedef struct {
    mg_gate_f32 forget, enter, update, leave;
    int32_t time_major; /* 1: [steps][batches] are the rows; 0: [batches][steps] */
    int32_t batches, steps, inputs, units;
    float clip; /* what cells are clipped to; 0: to nothing */
    const float *first_hidden, *first_cell; /* of mg_lstm_anew_f32; NULL: zeros */
} mg_lstm_f32_params;

/* A layer with a memory: input [rows][inputs], output [rows][units]; hidden, which is the last
 * output of each batch, and cell are [batches][units]. */
void mg_lstm_f32(const mg_lstm_f32_params *p, const float *input, float *hidden, float *cell,
                 float *output);

/* The same, whose memory begins anew with each call; scratch: 2 * batches * units. */
void mg_lstm_anew_f32(const mg_lstm_f32_params *p, const float *input, float *output, void *scratch);

/* The same, whose memory begins with what is given, and is left in hidden and cell. */
void mg_lstm_given_f32(const mg_lstm_f32_params *p, const float *input, const float *first_hidden,
                       const float *first_cell, float *output, float *hidden, float *cell);

#endif
