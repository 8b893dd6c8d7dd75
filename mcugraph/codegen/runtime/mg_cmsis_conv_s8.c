/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_cmsis_conv_s8.h"

#include "arm_nnfunctions.h"

typedef struct {
    cmsis_nn_context context;
    cmsis_nn_per_channel_quant_params scaling;
    cmsis_nn_dims input, weights, bias, output;
    cmsis_nn_tile stride, padding, dilation;
    cmsis_nn_activation activation;
} layer;

static layer layer_of(const mg_cmsis_conv_s8_params *p, void *scratch)
{
    const layer found = {
        {scratch, p->scratch},
        {(int32_t *)p->multipliers, (int32_t *)p->shifts},
        {p->batches, p->input_height, p->input_width, p->input_channels},
        {p->output_channels, p->window_height, p->window_width, p->depth},
        {1, 1, 1, p->output_channels},
        {p->batches, p->output_height, p->output_width, p->output_channels},
        {p->stride_x, p->stride_y},
        {p->pad_left, p->pad_top},
        {p->dilation_x, p->dilation_y},
        {p->least, p->largest},
    };
    return found;
}

void mg_cmsis_conv_s8(const mg_cmsis_conv_s8_params *p, const int8_t *input, int8_t *output,
                      void *scratch)
{
    const layer of = layer_of(p, scratch);
    const cmsis_nn_conv_params params = {-p->input_zero, p->output_zero, of.stride,
                                         of.padding,     of.dilation,    of.activation};
    (void)arm_convolve_wrapper_s8(&of.context, &params, &of.scaling, &of.input, input, &of.weights,
                                  p->weights, &of.bias, p->bias, &of.output, output);
}

void mg_cmsis_depthwise_s8(const mg_cmsis_conv_s8_params *p, const int8_t *input, int8_t *output,
                           void *scratch)
{
    const layer of = layer_of(p, scratch);
    const cmsis_nn_dims weights = {1, p->window_height, p->window_width, p->output_channels};
    const cmsis_nn_dw_conv_params params = {
        -p->input_zero, p->output_zero, p->output_channels / p->input_channels,
        of.stride,      of.padding,     of.dilation,
        of.activation,
    };
    (void)arm_depthwise_conv_wrapper_s8(&of.context, &params, &of.scaling, &of.input, input,
                                        &weights, p->weights, &of.bias, p->bias, &of.output,
                                        output);
}
