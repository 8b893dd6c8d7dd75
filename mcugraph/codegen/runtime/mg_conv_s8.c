/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_conv_s8.h"

/* What the window of one output pixel lies on; the input's zero point where that is padding. */
static void gather(const mg_conv_s8_params *p, const int8_t *input, int32_t pixel, int32_t group,
                   int16_t *column)
{
    const int32_t top = pixel / p->output_width * p->stride_y - p->pad_top;
    const int32_t left = pixel % p->output_width * p->stride_x - p->pad_left;
    int32_t wy, wx, c;
    for (wy = 0; wy < p->window_height; wy++) {
        const int32_t y = top + wy * p->dilation_y;
        for (wx = 0; wx < p->window_width; wx++) {
            const int32_t x = left + wx * p->dilation_x;
            if (y < 0 || y >= p->input_height || x < 0 || x >= p->input_width) {
                for (c = 0; c < p->depth; c++) {
                    *column++ = (int16_t)p->input_zero;
                }
            } else {
                const int8_t *from =
                    input + (y * p->input_width + x) * p->input_channels + group * p->depth;
                for (c = 0; c < p->depth; c++) {
                    *column++ = from[c];
                }
            }
        }
    }
}

static int8_t finished(const mg_conv_s8_params *p, int32_t sum, int32_t channel)
{
    const int32_t scaled = mg_scale(sum, p->multipliers[channel], p->shifts[channel]);
    return (int8_t)mg_clamp(scaled + p->output_zero, p->least, p->largest);
}

static void one_image(const mg_conv_s8_params *p, const int8_t *input, int8_t *output,
                      int16_t *columns)
{
    const int32_t length = p->window_height * p->window_width * p->depth;
    const int32_t spacing = (length + 3) / 4 * 4;
    const int32_t channels = p->output_channels / p->groups;
    const int32_t pixels = p->output_height * p->output_width;
    int32_t pixel, group, i, c, k;
    for (pixel = 0; pixel < pixels; pixel += MG_CONV_S8_PIXELS) {
        const int32_t left = pixels - pixel;
        const int32_t count = left < MG_CONV_S8_PIXELS ? left : MG_CONV_S8_PIXELS;
        for (group = 0; group < p->groups; group++) {
            for (i = 0; i < count; i++) {
                gather(p, input, pixel + i, group, columns + i * spacing);
            }
            for (i = 0; i < count; i++) {
                const int8_t *weights = p->weights + group * channels * length;
                int8_t *to = output + (pixel + i) * p->output_channels + group * channels;
                for (c = 0; c < channels; c++) {
                    const int16_t *column = columns + i * spacing;
                    int32_t sum = p->bias[group * channels + c];
                    for (k = 0; k < length; k++) {
                        sum += column[k] * weights[k];
                    }
                    weights += length;
                    to[c] = finished(p, sum, group * channels + c);
                }
            }
        }
    }
}

void mg_conv_s8(const mg_conv_s8_params *p, const int8_t *input, int8_t *output, void *scratch)
{
    int32_t batch;
    for (batch = 0; batch < p->batches; batch++) {
        one_image(p, input, output, (int16_t *)scratch);
        input += p->input_height * p->input_width * p->input_channels;
        output += p->output_height * p->output_width * p->output_channels;
    }
}
