/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_CMSIS_CONV_S8_H
#define MG_CMSIS_CONV_S8_H

#include "mg_common.h"

typedef struct {
    const int8_t *weights;      /* [output_channels][window_height][window_width][depth]; of a
                                 * depthwise one [window_height][window_width][output_channels] */
    const int32_t *bias;        /* by output channel */
    const int32_t *multipliers; /* by output channel */
    const int32_t *shifts;      /* by output channel */
    int32_t batches;
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t window_height, window_width;
    int32_t stride_y, stride_x;
    int32_t dilation_y, dilation_x;
    int32_t pad_top, pad_left;
    int32_t depth; /* input channels that an output channel reads */
    int32_t scratch;
    int32_t input_zero, output_zero;
    int32_t least, largest;
} mg_cmsis_conv_s8_params;

/* arm_convolve_wrapper_s8 and arm_depthwise_conv_wrapper_s8 of CMSIS-NN. */
void mg_cmsis_conv_s8(const mg_cmsis_conv_s8_params *p, const int8_t *input, int8_t *output,
                      void *scratch);
void mg_cmsis_depthwise_s8(const mg_cmsis_conv_s8_params *p, const int8_t *input, int8_t *output,
                           void *scratch);

#endif
