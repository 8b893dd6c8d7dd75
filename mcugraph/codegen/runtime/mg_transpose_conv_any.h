/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* Transposed convolutions, once for each type of elements, with these defined:
 *   MG_T, MG_SUFFIX: the type, and what names for it end in
 *   MG_PARAMS: what tells the geometry
 *   MG_WEIGHT, MG_SUM: the types of weights and of sums of products
 *   MG_ENDED(p, sum, channel): the result of a sum */

/* The input elements along an axis whose windows lie on an output element. */
static mg_span over(int32_t place, int32_t window, int32_t stride, int32_t size)
{
    mg_span found;
    int32_t last = place / stride;
    found.first = place < window ? 0 : (place - window) / stride + 1;
    last = last < size ? last : size - 1;
    found.count = last < found.first ? 0 : last - found.first + 1;
    return found;
}

static MG_SUM sum_of(const MG_PARAMS *p, const MG_T *input, int32_t row, int32_t column,
                     const MG_WEIGHT *weights)
{
    const mg_span down = over(row, p->window_height, p->stride_y, p->input_height);
    const mg_span across = over(column, p->window_width, p->stride_x, p->input_width);
    MG_SUM sum = 0;
    int32_t y, x, c;
    for (y = down.first; y < down.first + down.count; y++) {
        for (x = across.first; x < across.first + across.count; x++) {
            const int32_t i = row - y * p->stride_y, j = column - x * p->stride_x;
            const MG_T *from = input + (y * p->input_width + x) * p->input_channels;
            const MG_WEIGHT *by = weights + (i * p->window_width + j) * p->input_channels;
            for (c = 0; c < p->input_channels; c++) {
                sum += from[c] * by[c];
            }
        }
    }
    return sum;
}

void MG_TYPED(mg_transpose_conv)(const MG_PARAMS *p, const MG_T *input, MG_T *output)
{
    const int32_t each = p->window_height * p->window_width * p->input_channels;
    int32_t batch, row, column, channel;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = p->pad_top; row < p->output_height + p->pad_top; row++) {
            for (column = p->pad_left; column < p->output_width + p->pad_left; column++) {
                for (channel = 0; channel < p->output_channels; channel++) {
                    const MG_WEIGHT *weights = p->weights + channel * each;
                    const MG_SUM sum = sum_of(p, input, row, column, weights);
                    *output++ = MG_ENDED(p, sum, channel);
                }
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}
