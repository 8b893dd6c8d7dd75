/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_TRANSPOSE_CONV_W8_H
#define MG_TRANSPOSE_CONV_W8_H

#include "mg_common.h"

typedef struct {
    const int8_t *weights; /* [output channels][window rows][window columns][input channels] */
    const float *scales;   /* of the weights, by output channel */
    const float *bias;     /* by output channel; NULL: none */
    int32_t batches;
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t window_height, window_width;
    int32_t stride_y, stride_x;
    int32_t pad_top, pad_left; /* of the output: what is cut off there */
    float least, largest;      /* values that the activation lets through */
} mg_transpose_conv_w8_params;

/* Transposed convolution of floats, channels last: output pixel by output pixel, each of all input
 * pixels whose window lies on it, in their order; the bias is added last. Weights have
 * eight bits. */
void mg_transpose_conv_w8(const mg_transpose_conv_w8_params *p, const float *input, float *output);

#endif
