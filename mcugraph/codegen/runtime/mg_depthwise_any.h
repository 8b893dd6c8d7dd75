/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* Depthwise convolutions, once for each type of elements, with these defined:
 *   MG_T, MG_SUFFIX: the type, and what names for it end in
 *   MG_PARAMS: what tells the geometry
 *   MG_WEIGHT, MG_SUM: the types of weights and of sums of products
 *   MG_ENDED(p, sum, channel): the result of a sum */

static void one_pixel(const MG_PARAMS *p, int32_t top, int32_t left, const MG_T *input,
                      MG_T *output)
{
    const mg_span down = mg_on_axis(top, p->window_height, p->dilation_y, p->input_height);
    const mg_span across = mg_on_axis(left, p->window_width, p->dilation_x, p->input_width);
    int32_t channel, i, j;
    for (channel = 0; channel < p->output_channels; channel++) {
        MG_SUM sum = 0;
        for (i = down.first; i < down.first + down.count; i++) {
            const int32_t y = top + i * p->dilation_y;
            for (j = across.first; j < across.first + across.count; j++) {
                const int32_t x = left + j * p->dilation_x;
                const int32_t from = (y * p->input_width + x) * p->input_channels;
                const int32_t by = (i * p->window_width + j) * p->output_channels;
                sum += input[from + channel / p->each] * p->weights[by + channel];
            }
        }
        output[channel] = MG_ENDED(p, sum, channel);
    }
}

void MG_TYPED(mg_depthwise)(const MG_PARAMS *p, const MG_T *input, MG_T *output)
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
