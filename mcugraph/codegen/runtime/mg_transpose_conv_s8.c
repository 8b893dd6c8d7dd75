/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_transpose_conv_s8.h"

static int32_t sum_of(const mg_transpose_conv_s8_params *p, const int8_t *input, int32_t row,
                      int32_t column, const int8_t *weights)
{
    int32_t sum = 0, wy, wx, c;
    for (wy = row % p->stride_y; wy < p->window_height && wy <= row; wy += p->stride_y) {
        const int32_t y = (row - wy) / p->stride_y;
        if (y >= p->input_height) {
            continue;
        }
        for (wx = column % p->stride_x; wx < p->window_width && wx <= column; wx += p->stride_x) {
            const int32_t x = (column - wx) / p->stride_x;
            const int8_t *from = input + (y * p->input_width + x) * p->input_channels;
            const int8_t *by = weights + (wy * p->window_width + wx) * p->input_channels;
            if (x >= p->input_width) {
                continue;
            }
            for (c = 0; c < p->input_channels; c++) {
                sum = mg_plus(sum, (from[c] - p->input_zero) * by[c]);
            }
        }
    }
    return sum;
}

void mg_transpose_conv_s8(const mg_transpose_conv_s8_params *p, const int8_t *input,
                          int8_t *output)
{
    const int32_t each = p->window_height * p->window_width * p->input_channels;
    int32_t batch, row, column, channel;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = p->pad_top; row < p->output_height + p->pad_top; row++) {
            for (column = p->pad_left; column < p->output_width + p->pad_left; column++) {
                for (channel = 0; channel < p->output_channels; channel++) {
                    int32_t sum = p->bias[channel];
                    sum = mg_plus(sum, sum_of(p, input, row, column, p->weights + channel * each));
                    sum = mg_scale(sum, p->multipliers[channel], p->shifts[channel]);
                    sum = mg_plus(sum, p->output_zero);
                    *output++ = (int8_t)mg_clamp(sum, p->least, p->largest);
                }
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}
