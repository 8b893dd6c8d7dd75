/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_MATMUL_F32_H
#define MG_MATMUL_F32_H

#include "mg_matmul.h"

typedef struct {
    mg_matmul shape;
} mg_matmul_f32_params;

/* Products of matrices: output [matrices][rows][columns]. */
void mg_matmul_f32(const mg_matmul_f32_params *p, const float *first, const float *second,
                   float *output);

#endif
