/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_CMSIS_ADD_S8_H
#define MG_CMSIS_ADD_S8_H

#include "mg_common.h"

typedef struct {
    int32_t count;
    int32_t first_zero, first_multiplier, first_shift;
    int32_t second_zero, second_multiplier, second_shift;
    int32_t left;
    int32_t output_zero, output_multiplier, output_shift;
    int32_t least, largest;
} mg_cmsis_add_s8_params;

/* arm_elementwise_add_s8 of CMSIS-NN. */
void mg_cmsis_add_s8(const mg_cmsis_add_s8_params *p, const int8_t *first, const int8_t *second,
                     int8_t *output);

#endif
