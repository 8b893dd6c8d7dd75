/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_pool_f32.h"

#include <float.h>

/* What the window of one output pixel lies on. */
typedef struct {
    const float *input;
    int32_t rows, columns;
    int32_t next_row, next_column; /* elements of the input */
} patch;

static patch patch_of(const mg_pool_f32_params *p, const float *input, int32_t row, int32_t column)
{
    const int32_t top = row * p->stride_y - p->pad_top;
    const int32_t left = column * p->stride_x - p->pad_left;
    const mg_span down = mg_on_axis(top, p->window_height, p->dilation_y, p->input_height);
    const mg_span across = mg_on_axis(left, p->window_width, p->dilation_x, p->input_width);
    patch found;
    found.rows = down.count;
    found.columns = across.count;
    found.next_row = p->dilation_y * p->input_width * p->input_channels;
    found.next_column = p->dilation_x * p->input_channels;
    found.input = input;
    if (found.rows && found.columns) {
        const int32_t y = top + down.first * p->dilation_y;
        const int32_t x = left + across.first * p->dilation_x;
        found.input += (y * p->input_width + x) * p->input_channels;
    }
    return found;
}

static float average(patch at, int32_t channel)
{
    float sum = 0.0f;
    int32_t y, x;
    for (y = 0; y < at.rows; y++) {
        const float *from = at.input + y * at.next_row + channel;
        for (x = 0; x < at.columns; x++) {
            sum += *from;
            from += at.next_column;
        }
    }
    return sum / (float)(at.rows * at.columns);
}

static float maximum(patch at, int32_t channel)
{
    float found = -FLT_MAX;
    int32_t y, x;
    for (y = 0; y < at.rows; y++) {
        const float *from = at.input + y * at.next_row + channel;
        for (x = 0; x < at.columns; x++) {
            if (*from > found) {
                found = *from;
            }
            from += at.next_column;
        }
    }
    return found;
}

static void pool(const mg_pool_f32_params *p, const float *input, float *output,
                 float (*of)(patch, int32_t))
{
    int32_t batch, row, column, channel;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = 0; row < p->output_height; row++) {
            for (column = 0; column < p->output_width; column++) {
                const patch at = patch_of(p, input, row, column);
                for (channel = 0; channel < p->output_channels; channel++) {
                    *output++ = mg_clamp_f32(of(at, channel), p->least, p->largest);
                }
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}

void mg_average_pool_f32(const mg_pool_f32_params *p, const float *input, float *output)
{
    pool(p, input, output, average);
}

void mg_max_pool_f32(const mg_pool_f32_params *p, const float *input, float *output)
{
    pool(p, input, output, maximum);
}
