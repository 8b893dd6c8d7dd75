/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_cmsis_add_s8.h"

#include "arm_nnfunctions.h"

void mg_cmsis_add_s8(const mg_cmsis_add_s8_params *p, const int8_t *first, const int8_t *second,
                     int8_t *output)
{
    (void)arm_elementwise_add_s8(first, second, -p->first_zero, p->first_multiplier, p->first_shift,
                                 -p->second_zero, p->second_multiplier, p->second_shift, p->left,
                                 output, p->output_zero, p->output_multiplier, p->output_shift,
                                 p->least, p->largest, p->count);
}
