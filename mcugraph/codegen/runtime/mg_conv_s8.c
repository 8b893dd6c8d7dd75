/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_conv_s8.h"

#include "mg_dsp.h"

/* Windows are laid out in groups of four elements, those of two pixels next to each other. With DSP
 * instructions the four are in the order in which these widen bytes: 0, 2, 1, 3. */
#define GROUP 4

static void put(int16_t *columns, int32_t pixel, int32_t element, int32_t value)
{
    int32_t place = element % GROUP;
#if MG_DSP
    place = (place & 1) * 2 + place / 2;
#endif
    columns[element / GROUP * GROUP * MG_CONV_S8_PIXELS + pixel * GROUP + place] = (int16_t)value;
}

/* One row of the elements under a window, from an element of the column on that is a multiple of
 * GROUP as well as their number. */
static void put_groups(int16_t *columns, int32_t pixel, int32_t element, const int8_t *from,
                       int32_t count)
{
    int16_t *to = columns + element * MG_CONV_S8_PIXELS + pixel * GROUP;
    for (; count > 0; count -= GROUP) {
#if MG_DSP
        const uint32_t word = mg_word(from);
        ((uint32_t *)(void *)to)[0] = mg_even(word);
        ((uint32_t *)(void *)to)[1] = mg_odd(word);
#else
        to[0] = from[0];
        to[1] = from[1];
        to[2] = from[2];
        to[3] = from[3];
#endif
        from += GROUP;
        to += GROUP * MG_CONV_S8_PIXELS;
    }
}

/* What the window of an output pixel lies on; the input's zero point where that is padding. */
static void gather(const mg_conv_s8_params *p, const int8_t *input, int32_t pixel, int32_t group,
                   int16_t *columns, int32_t place)
{
    const int32_t top = pixel / p->output_width * p->stride_y - p->pad_top;
    const int32_t left = pixel % p->output_width * p->stride_x - p->pad_left;
    int32_t wy, wx, c, element = 0;
    for (wy = 0; wy < p->window_height; wy++) {
        const int32_t y = top + wy * p->dilation_y;
        for (wx = 0; wx < p->window_width; wx++) {
            const int32_t x = left + wx * p->dilation_x;
            if (y < 0 || y >= p->input_height || x < 0 || x >= p->input_width) {
                for (c = 0; c < p->depth; c++) {
                    put(columns, place, element + c, p->input_zero);
                }
            } else {
                const int8_t *from =
                    input + (y * p->input_width + x) * p->input_channels + group * p->depth;
                if (p->depth % GROUP == 0) {
                    put_groups(columns, place, element, from, p->depth);
                } else {
                    for (c = 0; c < p->depth; c++) {
                        put(columns, place, element + c, from[c]);
                    }
                }
            }
            element += p->depth;
        }
    }
    for (; element % GROUP; element++) { /* the weights there are 0 */
        put(columns, place, element, 0);
    }
}

/* Sums of two pixels, of two output channels. */
typedef struct {
    int32_t first[MG_CONV_S8_PIXELS], second[MG_CONV_S8_PIXELS];
} sums;

static inline sums products(const int16_t *columns, const int8_t *first, const int8_t *second,
                            int32_t length, int32_t bias_first, int32_t bias_second)
{
    int32_t a0 = bias_first, a1 = bias_first, b0 = bias_second, b1 = bias_second;
    const int8_t *end = first + length;
    sums found;
#if MG_DSP
    const uint32_t *from = (const uint32_t *)(const void *)columns;
    do {
        uint32_t even0, odd0, even1, odd1, word, even, odd;
        from = mg_load_two(from, &even0, &odd0);
        from = mg_load_two(from, &even1, &odd1);
        word = mg_word(first);
        even = mg_even(word);
        odd = mg_odd(word);
        a0 = mg_both(a0, even0, even);
        a1 = mg_both(a1, even1, even);
        a0 = mg_both(a0, odd0, odd);
        a1 = mg_both(a1, odd1, odd);
        word = mg_word(second);
        even = mg_even(word);
        odd = mg_odd(word);
        b0 = mg_both(b0, even0, even);
        b1 = mg_both(b1, even1, even);
        b0 = mg_both(b0, odd0, odd);
        b1 = mg_both(b1, odd1, odd);
        first += GROUP;
        second += GROUP;
    } while (first != end);
#else
    do {
        int32_t i;
        for (i = 0; i < GROUP; i++) {
            const int32_t x = columns[i], y = columns[GROUP + i];
            a0 += x * first[i];
            a1 += y * first[i];
            b0 += x * second[i];
            b1 += y * second[i];
        }
        columns += GROUP * MG_CONV_S8_PIXELS;
        first += GROUP;
        second += GROUP;
    } while (first != end);
#endif
    found.first[0] = a0;
    found.first[1] = a1;
    found.second[0] = b0;
    found.second[1] = b1;
    return found;
}

/* Scales the sums of one output channel, and writes those of so many pixels. */
static inline void finish(const mg_conv_s8_params *p, const int32_t *sum, int32_t channel,
                          int8_t *output, int32_t count)
{
    const int32_t multiplier = p->multipliers[channel], shift = p->shifts[channel];
    int32_t i;
#if !MG_SINGLE_ROUNDING
    if (p->narrow) {
        const int32_t offset = (2 * p->output_zero + 1) * (1 << (-shift - 1));
        for (i = 0; i < count; i++) {
            const int32_t scaled = mg_scale_narrow(sum[i], multiplier, -shift, offset);
            output[i * p->output_channels] = (int8_t)mg_clamp(scaled, p->least, p->largest);
        }
        return;
    }
#endif
    for (i = 0; i < count; i++) {
        const int32_t scaled = mg_scale(sum[i], multiplier, shift) + p->output_zero;
        output[i * p->output_channels] = (int8_t)mg_clamp(scaled, p->least, p->largest);
    }
}

static void one_image(const mg_conv_s8_params *p, const int8_t *input, int8_t *output,
                      int16_t *columns)
{
    const int32_t length =
        (p->window_height * p->window_width * p->depth + GROUP - 1) / GROUP * GROUP;
    const int32_t channels = p->output_channels / p->groups;
    const int32_t pixels = p->output_height * p->output_width;
    int32_t pixel, group;
    for (pixel = 0; pixel < pixels; pixel += MG_CONV_S8_PIXELS) {
        const int32_t count = pixel + 1 < pixels ? MG_CONV_S8_PIXELS : 1;
        int8_t *to = output + pixel * p->output_channels;
        const int8_t *weights = p->weights;
        int32_t channel = 0;
        for (group = 0; group < p->groups; group++) {
            const int32_t end = channel + channels;
            gather(p, input, pixel, group, columns, 0);
            gather(p, input, pixel + count - 1, group, columns, 1);
            while (channel < end) {
                /* Of an odd number of channels, the last one is computed twice. */
                const int32_t next = channel + 1 < end;
                const sums found = products(columns, weights, weights + next * length, length,
                                            p->bias[channel], p->bias[channel + next]);
                finish(p, found.first, channel, to + channel, count);
                finish(p, found.second, channel + next, to + channel + next, count);
                channel += 1 + next;
                weights += (1 + next) * length;
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
