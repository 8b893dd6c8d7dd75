/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_TRANSPOSE_CONV_S8_H
#define MG_TRANSPOSE_CONV_S8_H

#include "mg_common.h"

typedef struct {
    const int8_t *weights;      /* [output channels][window rows][window columns][input channels] */
    const int32_t *bias;        /* by output channel */
    const int32_t *multipliers; /* by output channel */
    const int8_t *shifts;       /* by output channel */
    int32_t batches;
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t window_height, window_width;
    int32_t stride_y, stride_x;
    int32_t pad_top, pad_left; /* of the output: what is cut off there */
    int32_t input_zero, output_zero;
    int32_t least, largest; /* stored values that the activation lets through */
} mg_transpose_conv_s8_params;

/* Transposed convolution of int8, channels last: output pixel by output pixel, each of all input
 * pixels whose window lies on it. */
void mg_transpose_conv_s8(const mg_transpose_conv_s8_params *p, const int8_t *input,
                          int8_t *output);

#endif
