/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_ADD_S8_H
#define MG_ADD_S8_H

#include "mg_common.h"

typedef struct {
    int32_t sizes[MG_AXES];  /* of the result; axes that go together are one, absent ones are 1 */
    int32_t first[MG_AXES];  /* elements of the first operand from one to the next; 0: the same */
    int32_t second[MG_AXES]; /* of the second one */
    int32_t first_zero, first_multiplier, first_shift;
    int32_t second_zero, second_multiplier, second_shift;
    int32_t sign; /* 1: the sum; -1: the difference */
    int32_t output_zero, output_multiplier, output_shift;
    int32_t least, largest; /* stored values that the activation lets through */
} mg_add_s8_params;

/* Sum or difference of two operands, element by element. */
void mg_add_s8(const mg_add_s8_params *p, const int8_t *first, const int8_t *second,
               int8_t *output);

#endif
