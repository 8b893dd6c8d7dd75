/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_transpose_conv_f32.h"

/* The input elements along an axis whose windows lie on an output element. */
static mg_span over(int32_t place, int32_t window, int32_t stride, int32_t size)
{
    mg_span found;
    int32_t last = place / stride;
    found.first = place < window ? 0 : (place - window) / stride + 1;
    last = last < size ? last : size - 1;
    found.count = last < found.first ? 0 : last - found.first + 1;
    return found;
}

static float sum_of(const mg_transpose_conv_f32_params *p, const float *input, int32_t row,
                    int32_t column, const float *weights)
{
    const mg_span down = over(row, p->window_height, p->stride_y, p->input_height);
    const mg_span across = over(column, p->window_width, p->stride_x, p->input_width);
    float sum = 0.0f;
    int32_t y, x, c;
    for (y = down.first; y < down.first + down.count; y++) {
        for (x = across.first; x < across.first + across.count; x++) {
            const int32_t i = row - y * p->stride_y, j = column - x * p->stride_x;
            const float *from = input + (y * p->input_width + x) * p->input_channels;
            const float *by = weights + (i * p->window_width + j) * p->input_channels;
            for (c = 0; c < p->input_channels; c++) {
                sum += from[c] * by[c];
            }
        }
    }
    return sum;
}

void mg_transpose_conv_f32(const mg_transpose_conv_f32_params *p, const float *input,
                           float *output)
{
    const int32_t each = p->window_height * p->window_width * p->input_channels;
    int32_t batch, row, column, channel;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = p->pad_top; row < p->output_height + p->pad_top; row++) {
            for (column = p->pad_left; column < p->output_width + p->pad_left; column++) {
                for (channel = 0; channel < p->output_channels; channel++) {
                    float sum = sum_of(p, input, row, column, p->weights + channel * each);
                    sum += p->bias == NULL ? 0.0f : p->bias[channel];
                    *output++ = mg_clamp_f32(sum, p->least, p->largest);
                }
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}
