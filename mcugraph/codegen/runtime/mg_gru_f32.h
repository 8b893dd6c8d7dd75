/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_GRU_F32_H
#define MG_GRU_F32_H

#include "mg_gates_f32.h"

typedef struct {
    mg_gate_f32 reset, keep, update;
    int32_t time_major; /* 1: [steps][batches] are the rows; 0: [batches][steps] */
    int32_t batches, steps, inputs, units;
    const float *first_hidden; /* of mg_gru_anew_f32; NULL: zeros */
} mg_gru_f32_params;

/* A layer with a memory, which begins anew with each call: input [rows][inputs], output
 * [rows][units]; scratch: batches * units. */
void mg_gru_anew_f32(const mg_gru_f32_params *p, const float *input, float *output, void *scratch);

/* The same, whose memory begins with what is given, and is left in hidden: [batches][units]. */
void mg_gru_given_f32(const mg_gru_f32_params *p, const float *input, const float *first_hidden,
                      float *output, float *hidden);

#endif
