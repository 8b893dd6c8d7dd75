/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_cmsis_fully_connected_s8.h"

#include "arm_nnfunctions.h"

void mg_cmsis_fully_connected_s8(const mg_cmsis_fully_connected_s8_params *p, const int8_t *input,
                                 int8_t *output)
{
    const cmsis_nn_context context = {NULL, 0};
    const cmsis_nn_fc_params params = {
        -p->input_zero, 0, p->output_zero, {p->least, p->largest}};
    const cmsis_nn_dims data = {p->rows, 1, 1, p->depth}, weights = {p->depth, 1, 1, p->units};
    const cmsis_nn_dims bias = {1, 1, 1, p->units}, made = {p->rows, 1, 1, p->units};
    if (p->per_unit) {
        const cmsis_nn_per_channel_quant_params scaling = {(int32_t *)p->multipliers,
                                                           (int32_t *)p->shifts};
        (void)arm_fully_connected_per_channel_s8(&context, &params, &scaling, &data, input,
                                                 &weights, p->weights, &bias, p->bias, &made,
                                                 output);
    } else {
        const cmsis_nn_per_tensor_quant_params scaling = {p->multipliers[0], p->shifts[0]};
        (void)arm_fully_connected_s8(&context, &params, &scaling, &data, input, &weights,
                                     p->weights, &bias, p->bias, &made, output);
    }
}
