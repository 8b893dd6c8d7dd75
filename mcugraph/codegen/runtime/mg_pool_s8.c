/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_pool_s8.h"

/* What the window of one output pixel lies on. */
typedef struct {
    const int8_t *input;
    int32_t rows, columns;
} patch;

static patch patch_of(const mg_pool_s8_params *p, const int8_t *input, int32_t row, int32_t column)
{
    const int32_t top = row * p->stride_y - p->pad_top;
    const int32_t left = column * p->stride_x - p->pad_left;
    const mg_span down = mg_on_axis(top, p->window_height, 1, p->input_height);
    const mg_span across = mg_on_axis(left, p->window_width, 1, p->input_width);
    patch found;
    found.rows = down.count;
    found.columns = across.count;
    found.input = input;
    if (found.rows && found.columns) {
        const int32_t first = (top + down.first) * p->input_width + left + across.first;
        found.input += first * p->input_channels;
    }
    return found;
}

static int32_t average(const mg_pool_s8_params *p, patch at, int32_t channel)
{
    const int32_t count = at.rows * at.columns;
    int32_t sum = 0, y, x;
    for (y = 0; y < at.rows; y++) {
        const int8_t *from = at.input + y * p->input_width * p->input_channels + channel;
        for (x = 0; x < at.columns; x++) {
            sum += *from;
            from += p->input_channels;
        }
    }
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

static int32_t maximum(const mg_pool_s8_params *p, patch at, int32_t channel)
{
    int32_t found = INT8_MIN, y, x;
    for (y = 0; y < at.rows; y++) {
        const int8_t *from = at.input + y * p->input_width * p->input_channels + channel;
        for (x = 0; x < at.columns; x++) {
            if (*from > found) {
                found = *from;
            }
            from += p->input_channels;
        }
    }
    return found;
}

static void pool(const mg_pool_s8_params *p, const int8_t *input, int8_t *output,
                 int32_t (*of)(const mg_pool_s8_params *, patch, int32_t))
{
    int32_t batch, row, column, channel;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = 0; row < p->output_height; row++) {
            for (column = 0; column < p->output_width; column++) {
                const patch at = patch_of(p, input, row, column);
                for (channel = 0; channel < p->output_channels; channel++) {
                    *output++ = (int8_t)mg_clamp(of(p, at, channel), p->least, p->largest);
                }
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}

void mg_average_pool_s8(const mg_pool_s8_params *p, const int8_t *input, int8_t *output)
{
    pool(p, input, output, average);
}

void mg_max_pool_s8(const mg_pool_s8_params *p, const int8_t *input, int8_t *output)
{
    pool(p, input, output, maximum);
}
