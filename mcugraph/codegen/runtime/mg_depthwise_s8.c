/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_depthwise_s8.h"

#include "mg_dsp.h"

/* Channels that are computed together. */
#define TOGETHER 4

/* The part of the window of an output pixel that lies on the image. */
typedef struct {
    const int8_t *input;   /* its first element there */
    const int8_t *weights; /* and the weights of that */
    int32_t rows, columns;
    int32_t next_row, next_column;   /* elements of the input */
    int32_t next_weights;            /* from the end of a row of weights to the next */
} patch;

static patch patch_of(const mg_depthwise_s8_params *p, const int8_t *input, int32_t row,
                      int32_t column)
{
    const int32_t top = row * p->stride_y - p->pad_top;
    const int32_t left = column * p->stride_x - p->pad_left;
    const mg_span down = mg_on_axis(top, p->window_height, p->dilation_y, p->input_height);
    const mg_span across = mg_on_axis(left, p->window_width, p->dilation_x, p->input_width);
    patch found;
    found.rows = across.count ? down.count : 0;
    found.columns = across.count;
    found.next_column = p->dilation_x * p->input_channels;
    found.next_row =
        p->dilation_y * p->input_width * p->input_channels - across.count * found.next_column;
    found.next_weights = (p->window_width - across.count) * p->output_channels;
    found.input = input;
    found.weights = p->weights;
    if (found.rows) {
        const int32_t y = top + down.first * p->dilation_y;
        const int32_t x = left + across.first * p->dilation_x;
        found.input += (y * p->input_width + x) * p->input_channels;
        found.weights += (down.first * p->window_width + across.first) * p->output_channels;
    }
    return found;
}

/* Adds the products of four channels, from where both pointers point. */
MG_APART static void add_products(int32_t *sums, const patch *at, const int8_t *from,
                                  const int8_t *weights, int32_t next_tap, int32_t zero)
{
    const int32_t next_column = at->next_column, columns = at->columns;
    int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3], y, x;
#if MG_DSP
    const uint32_t less = ((uint32_t)-zero & 0xffffu) * 0x10001u;
#endif
    for (y = at->rows; y > 0; y--) {
        for (x = columns; x > 0; x--) {
#if MG_DSP
            const uint32_t word = mg_word(from), by = mg_word(weights);
            const uint32_t even = mg_even_plus(less, word), odd = mg_odd_plus(less, word);
            const uint32_t by_even = mg_even(by), by_odd = mg_odd(by);
            s0 = mg_lower(s0, even, by_even);
            s1 = mg_lower(s1, odd, by_odd);
            s2 = mg_upper(s2, even, by_even);
            s3 = mg_upper(s3, odd, by_odd);
#else
            s0 = mg_plus(s0, (from[0] - zero) * weights[0]);
            s1 = mg_plus(s1, (from[1] - zero) * weights[1]);
            s2 = mg_plus(s2, (from[2] - zero) * weights[2]);
            s3 = mg_plus(s3, (from[3] - zero) * weights[3]);
#endif
            from += next_column;
            weights += next_tap;
        }
        from += at->next_row;
        weights += at->next_weights;
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

/* How the sums of all channels become results. */
typedef struct {
    const int32_t *multipliers;
    const int8_t *shifts;
    int32_t narrow, zero, least, largest;
} ending;

static inline ending ending_of(const mg_depthwise_s8_params *p)
{
    ending found;
    found.multipliers = p->multipliers;
    found.shifts = p->shifts;
    found.narrow = p->narrow;
    found.zero = p->output_zero;
    found.least = p->least;
    found.largest = p->largest;
    return found;
}

static inline int8_t finished(const ending *by, int32_t sum, int32_t channel)
{
    const int32_t multiplier = by->multipliers[channel], shift = by->shifts[channel];
    sum = by->narrow ? mg_scale_narrow(sum, mg_narrow_by(multiplier, shift, by->zero))
                     : mg_plus(mg_scale(sum, multiplier, shift), by->zero);
    return (int8_t)mg_clamp(sum, by->least, by->largest);
}

/* Channels in fours, each made of the input channel of its number; returns how many. */
static int32_t in_fours(const mg_depthwise_s8_params *p, const patch *at, int8_t *output)
{
    const int32_t channels = p->output_channels / TOGETHER * TOGETHER;
    const ending by = ending_of(p);
    const int32_t *bias = p->bias;
    int32_t channel;
    for (channel = 0; channel < channels; channel += TOGETHER) {
        int32_t sums[TOGETHER];
        memcpy(sums, bias + channel, sizeof sums);
        add_products(sums, at, at->input + channel, at->weights + channel, p->output_channels,
                     p->input_zero);
        output[channel] = finished(&by, sums[0], channel);
        output[channel + 1] = finished(&by, sums[1], channel + 1);
        output[channel + 2] = finished(&by, sums[2], channel + 2);
        output[channel + 3] = finished(&by, sums[3], channel + 3);
    }
    return channels;
}

static int8_t one(const mg_depthwise_s8_params *p, const patch *at, int32_t source,
                  int32_t channel)
{
    const int8_t *from = at->input + source, *weights = at->weights + channel;
    int32_t sum = p->bias[channel], y, x;
    ending by;
    for (y = at->rows; y > 0; y--) {
        for (x = at->columns; x > 0; x--) {
            sum = mg_plus(sum, (*from - p->input_zero) * *weights);
            from += at->next_column;
            weights += p->output_channels;
        }
        from += at->next_row;
        weights += at->next_weights;
    }
    by = ending_of(p);
    return finished(&by, sum, channel);
}

static void one_pixel(const mg_depthwise_s8_params *p, const patch *at, int8_t *output)
{
    int32_t channel = p->each == 1 ? in_fours(p, at, output) : 0, source = channel, i;
    for (; source < p->input_channels; source++) {
        for (i = 0; i < p->each; i++, channel++) {
            output[channel] = one(p, at, source, channel);
        }
    }
}

void mg_depthwise_s8(const mg_depthwise_s8_params *p, const int8_t *input, int8_t *output)
{
    int32_t batch, row, column;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = 0; row < p->output_height; row++) {
            for (column = 0; column < p->output_width; column++) {
                const patch at = patch_of(p, input, row, column);
                one_pixel(p, &at, output);
                output += p->output_channels;
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}
