/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_POOL_H
#define MG_POOL_H

#include "mg_common.h"

typedef struct {
    int32_t batches;
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t window_height, window_width;
    int32_t stride_y, stride_x;
    int32_t dilation_y, dilation_x;
    int32_t pad_top, pad_left;
    int32_t least, largest; /* stored values that the activation lets through */
} mg_pool_params;

/* The average, or the maximum, of each channel under a window: pixel by pixel, and there channel by
 * channel. Averages are of what is not padding, halves away from zero. */
void mg_average_pool_s8(const mg_pool_params *p, const int8_t *input, int8_t *output);
void mg_max_pool_s8(const mg_pool_params *p, const int8_t *input, int8_t *output);
void mg_average_pool_s16(const mg_pool_params *p, const int16_t *input, int16_t *output);
void mg_max_pool_s16(const mg_pool_params *p, const int16_t *input, int16_t *output);

#endif
