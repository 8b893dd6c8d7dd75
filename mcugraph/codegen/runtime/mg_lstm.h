/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_LSTM_H
#define MG_LSTM_H

#include "mg_common.h"

/* What the input or the last output adds to a gate. */
typedef struct {
    const int8_t *weights; /* [units][depth] */
    const int32_t *bias;   /* by unit; the zero point of what is read is part of it */
    int32_t depth;
    int32_t multiplier, shift; /* as mg_scale_wide takes them where what is read is of int16 */
} mg_lstm_part;

typedef struct {
    mg_lstm_part input, hidden;
} mg_lstm_gate;

typedef struct {
    mg_lstm_gate forget, enter, update, leave;
    const uint16_t *sigmoid; /* of i / 24, 16 bits behind the point; 256 of them */
    int32_t time_major;      /* 1: [steps][batches] are the rows; 0: [batches][steps] */
    int32_t batches, steps, inputs, units;
    int32_t keep_multiplier, keep_shift; /* of the cell by its gate */
    int32_t enter_multiplier, enter_shift;
    int32_t leave_multiplier, leave_shift;
    int32_t least, largest; /* of the cell */
    int32_t cell_shift;     /* 3 * 2^cell_shift: from a cell to 48ths, 8 bits behind the point */
    int32_t output_zero;
} mg_lstm_params;

/* A layer with a memory: input [rows][inputs], output [rows][units]; hidden, which is the last
 * output of each batch, and cell are [batches][units]. */
void mg_lstm_s8(const mg_lstm_params *p, const int8_t *input, int8_t *hidden, int16_t *cell,
                int8_t *output);
void mg_lstm_s16(const mg_lstm_params *p, const int16_t *input, int16_t *hidden, int16_t *cell,
                 int16_t *output);

#endif
