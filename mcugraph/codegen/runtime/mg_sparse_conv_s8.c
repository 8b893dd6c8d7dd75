/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_sparse_conv_s8.h"

/* What the window of an output pixel lies on; elements of two pixels take turns. */
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
            const int32_t inside =
                y >= 0 && y < p->input_height && x >= 0 && x < p->input_width;
            const int32_t place = (y * p->input_width + x) * p->input_channels + group * p->depth;
            for (c = 0; c < p->depth; c++) {
                *column = (int16_t)(inside ? input[place + c] : p->input_zero);
                column += MG_CONV_S8_PIXELS;
            }
        }
    }
}

static int8_t finished(const mg_conv_s8_params *p, int32_t sum, int32_t channel)
{
    sum = mg_plus(mg_scale(sum, p->multipliers[channel], p->shifts[channel]), p->output_zero);
    return (int8_t)mg_clamp(sum, p->least, p->largest);
}

/* Where the next channel's weights are. */
typedef struct {
    const int8_t *values;
    const uint8_t *narrow;
    const uint16_t *wide;
} reader;

/* One output channel of two pixels, which may be the same. */
static reader one_channel(const mg_sparse_conv_s8_params *p, const int16_t *columns, reader at,
                          int32_t channel, int8_t *output0, int8_t *output1)
{
    const int32_t count = p->weights.counts[channel];
    int32_t a = p->layer.bias[channel], b = a, i;
    for (i = 0; i < count; i++) {
        const int16_t *from = columns + MG_CONV_S8_PIXELS * (at.narrow ? *at.narrow++ : *at.wide++);
        const int32_t value = *at.values++;
        a = mg_plus(a, from[0] * value);
        b = mg_plus(b, from[1] * value);
    }
    *output0 = finished(&p->layer, a, channel);
    *output1 = finished(&p->layer, b, channel);
    return at;
}

static void one_image(const mg_sparse_conv_s8_params *p, const int8_t *input, int8_t *output,
                      int16_t *columns)
{
    const mg_conv_s8_params *layer = &p->layer;
    const int32_t channels = layer->output_channels / layer->groups;
    const int32_t pixels = layer->output_height * layer->output_width;
    int32_t pixel, group, i;
    for (pixel = 0; pixel < pixels; pixel += MG_CONV_S8_PIXELS) {
        /* Of an odd number of pixels, the last one is computed twice. */
        const int32_t other = pixel + (pixel + 1 < pixels);
        int8_t *to0 = output + pixel * layer->output_channels;
        int8_t *to1 = output + other * layer->output_channels;
        reader at;
        at.values = p->weights.values;
        at.narrow = p->weights.narrow_columns;
        at.wide = p->weights.wide_columns;
        for (group = 0; group < layer->groups; group++) {
            gather(layer, input, pixel, group, columns);
            gather(layer, input, other, group, columns + 1);
            for (i = 0; i < channels; i++) {
                const int32_t channel = group * channels + i;
                at = one_channel(p, columns, at, channel, to0 + channel, to1 + channel);
            }
        }
    }
}

void mg_sparse_conv_s8(const mg_sparse_conv_s8_params *p, const int8_t *input, int8_t *output,
                       void *scratch)
{
    const mg_conv_s8_params *layer = &p->layer;
    int32_t batch;
    for (batch = 0; batch < layer->batches; batch++) {
        one_image(p, input, output, (int16_t *)scratch);
        input += layer->input_height * layer->input_width * layer->input_channels;
        output += layer->output_height * layer->output_width * layer->output_channels;
    }
}
