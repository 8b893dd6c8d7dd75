/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_cmsis_pool_s8.h"

#include "arm_nnfunctions.h"

typedef struct {
    cmsis_nn_context context;
    cmsis_nn_pool_params params;
    cmsis_nn_dims input, window, output;
} pool;

static pool pool_of(const mg_cmsis_pool_s8_params *p, void *scratch)
{
    const pool found = {
        {scratch, p->scratch},
        {{p->stride_x, p->stride_y}, {p->pad_left, p->pad_top}, {p->least, p->largest}},
        {p->batches, p->input_height, p->input_width, p->input_channels},
        {1, p->window_height, p->window_width, 1},
        {p->batches, p->output_height, p->output_width, p->output_channels},
    };
    return found;
}

void mg_cmsis_average_pool_s8(const mg_cmsis_pool_s8_params *p, const int8_t *input, int8_t *output,
                              void *scratch)
{
    const pool of = pool_of(p, scratch);
    (void)arm_avgpool_s8(&of.context, &of.params, &of.input, input, &of.window, &of.output, output);
}

void mg_cmsis_max_pool_s8(const mg_cmsis_pool_s8_params *p, const int8_t *input, int8_t *output,
                          void *scratch)
{
    const pool of = pool_of(p, scratch);
    (void)arm_max_pool_s8(&of.context, &of.params, &of.input, input, &of.window, &of.output,
                          output);
}
