/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_L2_NORM_F32_H
#define MG_L2_NORM_F32_H

#include "mg_common.h"

typedef struct {
    int32_t rows, depth;
} mg_l2_norm_f32_params;

/* Each row by the root of the sum of its squares, or by 1e-6 if that is less. */
void mg_l2_norm_f32(const mg_l2_norm_f32_params *p, const float *input, float *output);

#endif
