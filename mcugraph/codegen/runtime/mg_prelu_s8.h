/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_PRELU_S8_H
#define MG_PRELU_S8_H

#include "mg_common.h"

typedef struct {
    int32_t sizes[MG_AXES];  /* of the result; axes that go together are one, absent ones are 1 */
    int32_t first[MG_AXES];  /* elements of the data from one to the next; 0: the same */
    int32_t second[MG_AXES]; /* of the slopes */
    int32_t first_zero, second_zero, output_zero;
    int32_t above_multiplier, above_shift; /* of data from zero on */
    int32_t below_multiplier, below_shift; /* of products of data and slopes */
} mg_prelu_s8_params;

/* Data, and below zero their products with slopes. */
void mg_prelu_s8(const mg_prelu_s8_params *p, const int8_t *first, const int8_t *second,
                 int8_t *output);

#endif
