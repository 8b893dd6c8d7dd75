/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_depthwise_f32.h"

static void one_pixel(const mg_depthwise_f32_params *p, int32_t top, int32_t left,
                      const float *input, float *output)
{
    const mg_span down = mg_on_axis(top, p->window_height, p->dilation_y, p->input_height);
    const mg_span across = mg_on_axis(left, p->window_width, p->dilation_x, p->input_width);
    int32_t channel, i, j;
    for (channel = 0; channel < p->output_channels; channel++) {
        float sum = 0.0f;
        for (i = down.first; i < down.first + down.count; i++) {
            const int32_t y = top + i * p->dilation_y;
            for (j = across.first; j < across.first + across.count; j++) {
                const int32_t x = left + j * p->dilation_x;
                const int32_t from = (y * p->input_width + x) * p->input_channels;
                const int32_t by = (i * p->window_width + j) * p->output_channels;
                sum += input[from + channel / p->each] * p->weights[by + channel];
            }
        }
        sum += p->bias == NULL ? 0.0f : p->bias[channel];
        output[channel] = mg_clamp_f32(sum, p->least, p->largest);
    }
}

void mg_depthwise_f32(const mg_depthwise_f32_params *p, const float *input, float *output)
{
    int32_t batch, row, column;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = 0; row < p->output_height; row++) {
            for (column = 0; column < p->output_width; column++) {
                const int32_t top = row * p->stride_y - p->pad_top;
                const int32_t left = column * p->stride_x - p->pad_left;
                one_pixel(p, top, left, input, output);
                output += p->output_channels;
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}
