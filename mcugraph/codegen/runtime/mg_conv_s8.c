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

/* Elements under a window that are not whole groups yet. */
#define STAGED (8 * GROUP)

typedef struct {
    int16_t *to; /* where the next group goes */
    int32_t count;
    int8_t bytes[STAGED];
} stage;

/* Whole groups of elements. */
static int16_t *put_groups(int16_t *to, const int8_t *from, int32_t count)
{
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
    return to;
}

/* Elements that lie side by side, more than there is room for. */
MG_APART static void put_many(stage *s, const int8_t *from, int32_t count)
{
    while (count > 0) {
        const int32_t room = STAGED - s->count, some = count < room ? count : room;
        memcpy(s->bytes + s->count, from, (size_t)some);
        from += some;
        count -= some;
        s->count += some;
        if (s->count == STAGED) {
            s->to = put_groups(s->to, s->bytes, STAGED);
            s->count = 0;
        }
    }
}

static void put(stage *s, const int8_t *from, int32_t count)
{
    int8_t *to = s->bytes + s->count;
    const int8_t *end = from + count;
    if (s->count + count >= STAGED) {
        put_many(s, from, count);
        return;
    }
    s->count += count;
    while (from != end) {
        *to++ = *from++;
    }
}

/* One value so many times. */
MG_APART static void fill(stage *s, int32_t value, int32_t count)
{
    int8_t bytes[STAGED];
    memset(bytes, value, sizeof bytes);
    for (; count > 0; count -= STAGED) {
        put_many(s, bytes, count < STAGED ? count : STAGED);
    }
}

/* What the window of an output pixel lies on; the input's zero point where that is padding. */
MG_APART static void gather(const mg_conv_s8_params *p, const int8_t *input, int32_t pixel,
                            int32_t group, int16_t *columns, int32_t place)
{
    const int32_t top = pixel / p->output_width * p->stride_y - p->pad_top;
    const int32_t left = pixel % p->output_width * p->stride_x - p->pad_left;
    const mg_span across = mg_on_axis(left, p->window_width, p->dilation_x, p->input_width);
    const int32_t before = across.first * p->depth;
    const int32_t behind = (p->window_width - across.first - across.count) * p->depth;
    /* Neighbours under the window that are neighbours in the input. */
    const int32_t run = p->dilation_x == 1 && p->groups == 1 ? across.count : 1;
    const int32_t length = run * p->depth, next = run * p->dilation_x * p->input_channels;
    const int32_t row = p->input_width * p->input_channels, height = p->input_height;
    const int32_t first = left + across.first * p->dilation_x;
    /* Where the depth is a multiple of groups, all is. */
    const int32_t whole = p->depth % GROUP == 0;
    int32_t wy, wx, y = top;
    const int8_t *line = input + first * p->input_channels + group * p->depth;
    stage s;
    s.to = columns + place * GROUP;
    s.count = 0;
    for (wy = 0; wy < p->window_height; wy++) {
        if (y < 0 || y >= height) {
            fill(&s, p->input_zero, p->window_width * p->depth);
        } else {
            const int8_t *from = line + y * row;
            if (before) {
                fill(&s, p->input_zero, before);
            }
            for (wx = 0; wx < across.count; wx += run) {
                if (whole && s.count == 0) {
                    s.to = put_groups(s.to, from, length);
                } else {
                    put(&s, from, length);
                }
                from += next;
            }
            if (behind) {
                fill(&s, p->input_zero, behind);
            }
        }
        y += p->dilation_y;
    }
    while (s.count & (GROUP - 1)) { /* the weights there are 0 */
        s.bytes[s.count++] = 0;
    }
    put_groups(s.to, s.bytes, s.count);
}

/* Sums of two pixels of two output channels. */
typedef struct {
    int32_t a0, a1, b0, b1;
} sums;

/* Adds the products of both windows and the weights of both channels. */
MG_APART static void add_products(sums *to, const int16_t *columns, const int8_t *first,
                                  const int8_t *second, int32_t length)
{
    const int8_t *end = first + length;
    sums s = *to;
#if MG_DSP
    const uint32_t *from = (const uint32_t *)(const void *)columns;
    do {
        uint32_t even0, odd0, even1, odd1, word, even, odd;
        from = mg_load_two(from, &even0, &odd0);
        from = mg_load_two(from, &even1, &odd1);
        word = mg_word(first);
        even = mg_even(word);
        odd = mg_odd(word);
        s.a0 = mg_both(s.a0, even0, even);
        s.a1 = mg_both(s.a1, even1, even);
        s.a0 = mg_both(s.a0, odd0, odd);
        s.a1 = mg_both(s.a1, odd1, odd);
        word = mg_word(second);
        even = mg_even(word);
        odd = mg_odd(word);
        s.b0 = mg_both(s.b0, even0, even);
        s.b1 = mg_both(s.b1, even1, even);
        s.b0 = mg_both(s.b0, odd0, odd);
        s.b1 = mg_both(s.b1, odd1, odd);
        first += GROUP;
        second += GROUP;
    } while (first != end);
#else
    do {
        int32_t i;
        for (i = 0; i < GROUP; i++) {
            const int32_t x = columns[i], y = columns[GROUP + i];
            s.a0 = mg_plus(s.a0, x * first[i]);
            s.a1 = mg_plus(s.a1, y * first[i]);
            s.b0 = mg_plus(s.b0, x * second[i]);
            s.b1 = mg_plus(s.b1, y * second[i]);
        }
        columns += GROUP * MG_CONV_S8_PIXELS;
        first += GROUP;
        second += GROUP;
    } while (first != end);
#endif
    *to = s;
}

/* All output channels of one group, of two pixels, which may be the same. */
MG_APART static void two_pixels(const mg_conv_s8_params *p, const int16_t *columns, int32_t group,
                                int8_t *output0, int8_t *output1)
{
    const int32_t length =
        (p->window_height * p->window_width * p->depth + GROUP - 1) / GROUP * GROUP;
    const int32_t channels = p->output_channels / p->groups, zero = p->output_zero;
    const int32_t least = p->least, largest = p->largest, narrow = p->narrow;
    const int32_t *bias = p->bias + group * channels;
    const int32_t *multipliers = p->multipliers + group * channels;
    const int8_t *shifts = p->shifts + group * channels;
    const int8_t *weights = p->weights + group * channels * length;
    int32_t channel;
    for (channel = 0; channel < channels; channel += 2) {
        /* Of an odd number of channels, the last one is computed twice. */
        const int32_t other = channel + (channel + 1 < channels);
        const int8_t *second = other > channel ? weights + length : weights;
        sums s;
        s.a0 = s.a1 = bias[channel];
        s.b0 = s.b1 = bias[other];
        add_products(&s, columns, weights, second, length);
        weights = second + length;
        if (narrow) {
            const mg_narrow by_first = mg_narrow_by(multipliers[channel], shifts[channel], zero);
            const mg_narrow by_second = mg_narrow_by(multipliers[other], shifts[other], zero);
            s.a0 = mg_scale_narrow(s.a0, by_first);
            s.a1 = mg_scale_narrow(s.a1, by_first);
            s.b0 = mg_scale_narrow(s.b0, by_second);
            s.b1 = mg_scale_narrow(s.b1, by_second);
        } else {
            s.a0 = mg_plus(mg_scale(s.a0, multipliers[channel], shifts[channel]), zero);
            s.a1 = mg_plus(mg_scale(s.a1, multipliers[channel], shifts[channel]), zero);
            s.b0 = mg_plus(mg_scale(s.b0, multipliers[other], shifts[other]), zero);
            s.b1 = mg_plus(mg_scale(s.b1, multipliers[other], shifts[other]), zero);
        }
        output0[channel] = (int8_t)mg_clamp(s.a0, least, largest);
        output1[channel] = (int8_t)mg_clamp(s.a1, least, largest);
        output0[other] = (int8_t)mg_clamp(s.b0, least, largest);
        output1[other] = (int8_t)mg_clamp(s.b1, least, largest);
    }
}

static void one_image(const mg_conv_s8_params *p, const int8_t *input, int8_t *output,
                      int16_t *columns)
{
    const int32_t channels = p->output_channels / p->groups;
    const int32_t pixels = p->output_height * p->output_width;
    int32_t pixel, group;
    for (pixel = 0; pixel < pixels; pixel += MG_CONV_S8_PIXELS) {
        /* Of an odd number of pixels, the last one is computed twice. */
        const int32_t other = pixel + (pixel + 1 < pixels);
        for (group = 0; group < p->groups; group++) {
            gather(p, input, pixel, group, columns, 0);
            gather(p, input, other, group, columns, 1);
            two_pixels(p, columns, group, output + pixel * p->output_channels + group * channels,
                       output + other * p->output_channels + group * channels);
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
