/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_GATES_F32_H
#define MG_GATES_F32_H

#include <math.h>

#include "mg_common.h"

/* What goes into a gate: of the input, and of the last output. */
typedef struct {
    const float *input;       /* [units][inputs] */
    const float *hidden;      /* [units][units] */
    const float *bias;        /* by unit; NULL: none */
    const float *hidden_bias; /* likewise */
} mg_gate_f32;

static inline float mg_weighed_f32(const float *by, const float *bias, const float *from,
                                   int32_t depth, int32_t unit)
{
    float sum = 0.0f;
    int32_t i;
    by += unit * depth;
    for (i = 0; i < depth; i++) {
        sum += from[i] * by[i];
    }
    return bias ? sum + bias[unit] : sum;
}

static inline float mg_sigmoid_f32(float x)
{
    if (x > 16.619047164916992188f) { /* 1 in single precision */
        return 1.0f;
    }
    return x < -9.0f ? expf(x) : 1.0f / (1.0f + expf(-x));
}

/* What layers remember at first; from NULL: zeros. */
static inline void mg_begin_f32(float *state, const float *from, int32_t count)
{
    if (from) {
        memcpy(state, from, (size_t)count * sizeof(float));
    } else {
        memset(state, 0, (size_t)count * sizeof(float));
    }
}

#endif
