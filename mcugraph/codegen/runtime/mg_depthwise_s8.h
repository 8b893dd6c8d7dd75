/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_DEPTHWISE_S8_H
#define MG_DEPTHWISE_S8_H

#include "mg_common.h"

typedef struct {
    const int8_t *weights;      /* [window rows][window columns][output channels] */
    const int32_t *bias;        /* by output channel */
    const int32_t *multipliers; /* by output channel */
    const int8_t *shifts;       /* by output channel */
    int32_t batches;
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t window_height, window_width;
    int32_t stride_y, stride_x;
    int32_t dilation_y, dilation_x;
    int32_t pad_top, pad_left;
    int32_t each; /* output channels that are made of one input channel */
    int32_t input_zero, output_zero;
    int32_t narrow; /* 1: mg_scale_narrow does for all channels */
    int32_t least, largest; /* stored values that the activation lets through */
} mg_depthwise_s8_params;

/* Depthwise convolution of int8, channels last: pixel by pixel, and there channel by channel. */
void mg_depthwise_s8(const mg_depthwise_s8_params *p, const int8_t *input, int8_t *output);

#endif
