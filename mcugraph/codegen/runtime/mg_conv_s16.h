/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_CONV_S16_H
#define MG_CONV_S16_H

#include "mg_ending_s16.h"

typedef struct {
    const int8_t *weights; /* [output channels][window rows][window columns][depth] */
    int32_t batches;
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t window_height, window_width, depth; /* depth: input channels of one group */
    int32_t stride_y, stride_x;
    int32_t dilation_y, dilation_x;
    int32_t pad_top, pad_left;
    int32_t groups;
    mg_ending_s16 ending;
} mg_conv_s16_params;

/* Convolution of int16, channels last: pixel by pixel, and there channel by channel. Products are
 * added in the order of the weights, the bias last. */
void mg_conv_s16(const mg_conv_s16_params *p, const int16_t *input, int16_t *output);

#endif
