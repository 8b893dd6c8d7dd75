/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_depthwise_s8.h"

/* The part of the window of an output pixel that lies on the image. */
typedef struct {
    const int8_t *input;   /* its first element there */
    const int8_t *weights; /* and the weights of that */
    int32_t rows, columns;
} patch;

static patch patch_of(const mg_depthwise_s8_params *p, const int8_t *input, int32_t row,
                      int32_t column)
{
    const int32_t top = row * p->stride_y - p->pad_top;
    const int32_t left = column * p->stride_x - p->pad_left;
    const mg_span down = mg_on_axis(top, p->window_height, p->dilation_y, p->input_height);
    const mg_span across = mg_on_axis(left, p->window_width, p->dilation_x, p->input_width);
    patch found;
    found.rows = down.count;
    found.columns = across.count;
    found.input = input;
    found.weights = p->weights;
    if (found.rows && found.columns) {
        const int32_t y = top + down.first * p->dilation_y;
        const int32_t x = left + across.first * p->dilation_x;
        found.input += (y * p->input_width + x) * p->input_channels;
        found.weights += (down.first * p->window_width + across.first) * p->output_channels;
    }
    return found;
}

static void one_pixel(const mg_depthwise_s8_params *p, patch at, int8_t *output)
{
    const int32_t next_row = p->dilation_y * p->input_width * p->input_channels;
    const int32_t next_column = p->dilation_x * p->input_channels;
    int32_t source, i, y, x, channel = 0;
    for (source = 0; source < p->input_channels; source++) {
        for (i = 0; i < p->each; i++, channel++) {
            int32_t sum = p->bias[channel];
            for (y = 0; y < at.rows; y++) {
                const int8_t *from = at.input + y * next_row + source;
                const int8_t *weights =
                    at.weights + y * p->window_width * p->output_channels + channel;
                for (x = 0; x < at.columns; x++) {
                    sum += (*from - p->input_zero) * *weights;
                    from += next_column;
                    weights += p->output_channels;
                }
            }
            sum = mg_scale(sum, p->multipliers[channel], p->shifts[channel]) + p->output_zero;
            output[channel] = (int8_t)mg_clamp(sum, p->least, p->largest);
        }
    }
}

void mg_depthwise_s8(const mg_depthwise_s8_params *p, const int8_t *input, int8_t *output)
{
    int32_t batch, row, column;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = 0; row < p->output_height; row++) {
            for (column = 0; column < p->output_width; column++) {
                one_pixel(p, patch_of(p, input, row, column), output);
                output += p->output_channels;
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}
