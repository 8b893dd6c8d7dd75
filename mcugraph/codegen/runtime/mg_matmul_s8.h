/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_MATMUL_S8_H
#define MG_MATMUL_S8_H

#include "mg_matmul.h"

typedef struct {
    mg_matmul shape;
    int32_t first_zero, second_zero, output_zero;
    int32_t multiplier, shift;
} mg_matmul_s8_params;

/* Products of matrices: output [matrices][rows][columns]. */
void mg_matmul_s8(const mg_matmul_s8_params *p, const int8_t *first, const int8_t *second,
                   int8_t *output);

#endif
