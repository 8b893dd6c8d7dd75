/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_cmsis_softmax_s8.h"

#include "arm_nnfunctions.h"

void mg_cmsis_softmax_s8(const mg_cmsis_softmax_s8_params *p, const int8_t *input, int8_t *output)
{
    arm_softmax_s8(input, p->rows, p->depth, p->multiplier, p->shift, p->least, output);
}
