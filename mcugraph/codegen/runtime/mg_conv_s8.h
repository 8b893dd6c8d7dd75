/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_CONV_S8_H
#define MG_CONV_S8_H

#include "mg_common.h"

/* Output pixels that are computed together. */
#define MG_CONV_S8_PIXELS 2

typedef struct {
    const int8_t *weights;      /* [output channels][window rows][window columns][depth], each
                                 * channel's filled up with zeros to a multiple of 4 */
    const int32_t *bias;        /* by output channel; the input's zero point is in it */
    const int32_t *multipliers; /* by output channel */
    const int8_t *shifts;       /* by output channel */
    int32_t batches;
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t window_height, window_width, depth; /* depth: input channels of one group */
    int32_t stride_y, stride_x;
    int32_t dilation_y, dilation_x;
    int32_t pad_top, pad_left;
    int32_t groups;
    int32_t input_zero, output_zero;
    int32_t narrow;         /* 1: mg_scale_narrow does for all channels */
    int32_t least, largest; /* stored values that the activation lets through */
} mg_conv_s8_params;

/* Convolution of int8, channels last. What the windows of MG_CONV_S8_PIXELS pixels lie on is copied
 * to scratch before their results are written, pixel by pixel in raster order.
 * scratch: MG_CONV_S8_PIXELS windows of one group as int16, each rounded up to 4 elements. */
void mg_conv_s8(const mg_conv_s8_params *p, const int8_t *input, int8_t *output, void *scratch);

#endif
