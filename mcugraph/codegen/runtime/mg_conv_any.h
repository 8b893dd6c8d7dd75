/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* Convolutions, once for each type of elements, with these defined:
 *   MG_T, MG_SUFFIX: the type, and what names for it end in
 *   MG_PARAMS: what tells the geometry
 *   MG_WEIGHT, MG_SUM: the types of weights and of sums of products
 *   MG_ENDED(p, sum, channel): the result of a sum */

/* The part of the window of an output pixel that lies on the image. */
typedef struct {
    int32_t top, left;
    mg_span down, across;
} patch;

static MG_SUM sum_of(const MG_PARAMS *p, patch at, const MG_T *input, const MG_WEIGHT *weights)
{
    MG_SUM sum = 0;
    int32_t i, j, k;
    for (i = at.down.first; i < at.down.first + at.down.count; i++) {
        const int32_t y = at.top + i * p->dilation_y;
        for (j = at.across.first; j < at.across.first + at.across.count; j++) {
            const int32_t x = at.left + j * p->dilation_x;
            const MG_T *from = input + (y * p->input_width + x) * p->input_channels;
            const MG_WEIGHT *by = weights + (i * p->window_width + j) * p->depth;
            for (k = 0; k < p->depth; k++) {
                sum += from[k] * by[k];
            }
        }
    }
    return sum;
}

static void one_pixel(const MG_PARAMS *p, patch at, const MG_T *input, MG_T *output)
{
    const int32_t each = p->window_height * p->window_width * p->depth;
    const int32_t channels = p->output_channels / p->groups;
    const MG_WEIGHT *weights = p->weights;
    int32_t channel;
    for (channel = 0; channel < p->output_channels; channel++) {
        const MG_SUM sum = sum_of(p, at, input + channel / channels * p->depth, weights);
        output[channel] = MG_ENDED(p, sum, channel);
        weights += each;
    }
}

void MG_TYPED(mg_conv)(const MG_PARAMS *p, const MG_T *input, MG_T *output)
{
    int32_t batch, row, column;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = 0; row < p->output_height; row++) {
            for (column = 0; column < p->output_width; column++) {
                patch at;
                at.top = row * p->stride_y - p->pad_top;
                at.left = column * p->stride_x - p->pad_left;
                at.down = mg_on_axis(at.top, p->window_height, p->dilation_y, p->input_height);
                at.across = mg_on_axis(at.left, p->window_width, p->dilation_x, p->input_width);
                one_pixel(p, at, input, output);
                output += p->output_channels;
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}
