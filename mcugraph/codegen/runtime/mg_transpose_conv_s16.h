/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_TRANSPOSE_CONV_S16_H
#define MG_TRANSPOSE_CONV_S16_H

#include "mg_ending_s16.h"

typedef struct {
    const int8_t *weights; /* [output channels][window rows][window columns][input channels] */
    int32_t batches;
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t window_height, window_width;
    int32_t stride_y, stride_x;
    int32_t pad_top, pad_left; /* of the output: what is cut off there */
    mg_ending_s16 ending;
} mg_transpose_conv_s16_params;

/* Transposed convolution of int16, channels last: output pixel by output pixel, each of all input
 * pixels whose window lies on it, in their order; the bias is added last. */
void mg_transpose_conv_s16(const mg_transpose_conv_s16_params *p, const int16_t *input,
                           int16_t *output);

#endif
