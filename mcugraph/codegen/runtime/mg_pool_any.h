/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* Pools, once for each type of elements, with these defined:
 *   MG_T, MG_SUFFIX: the type, and what names for it end in
 *   MG_PARAMS: what tells the geometry
 *   MG_SUM: the type of sums
 *   MG_LEAST: the least element
 *   MG_AVERAGE(sum, count), MG_CLAMP(x, least, largest) */

/* What the window of one output pixel lies on. */
typedef struct {
    const MG_T *input;
    int32_t rows, columns;
    int32_t next_row, next_column; /* elements of the input */
} MG_TYPED(patch);

static MG_TYPED(patch) MG_TYPED(patch_of)(const MG_PARAMS *p, const MG_T *input, int32_t row,
                                          int32_t column)
{
    const int32_t top = row * p->stride_y - p->pad_top;
    const int32_t left = column * p->stride_x - p->pad_left;
    const mg_span down = mg_on_axis(top, p->window_height, p->dilation_y, p->input_height);
    const mg_span across = mg_on_axis(left, p->window_width, p->dilation_x, p->input_width);
    MG_TYPED(patch) found;
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

static MG_SUM MG_TYPED(average)(MG_TYPED(patch) at, int32_t channel)
{
    MG_SUM sum = 0;
    int32_t y, x;
    for (y = 0; y < at.rows; y++) {
        const MG_T *from = at.input + y * at.next_row + channel;
        for (x = 0; x < at.columns; x++) {
            sum += *from;
            from += at.next_column;
        }
    }
    return MG_AVERAGE(sum, at.rows * at.columns);
}

static MG_SUM MG_TYPED(maximum)(MG_TYPED(patch) at, int32_t channel)
{
    MG_T found = MG_LEAST;
    int32_t y, x;
    for (y = 0; y < at.rows; y++) {
        const MG_T *from = at.input + y * at.next_row + channel;
        for (x = 0; x < at.columns; x++) {
            if (*from > found) {
                found = *from;
            }
            from += at.next_column;
        }
    }
    return found;
}

static void MG_TYPED(pool)(const MG_PARAMS *p, const MG_T *input, MG_T *output,
                           MG_SUM (*of)(MG_TYPED(patch), int32_t))
{
    int32_t batch, row, column, channel;
    for (batch = 0; batch < p->batches; batch++) {
        for (row = 0; row < p->output_height; row++) {
            for (column = 0; column < p->output_width; column++) {
                const MG_TYPED(patch) at = MG_TYPED(patch_of)(p, input, row, column);
                for (channel = 0; channel < p->output_channels; channel++) {
                    *output++ = (MG_T)MG_CLAMP(of(at, channel), p->least, p->largest);
                }
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}

void MG_TYPED(mg_average_pool)(const MG_PARAMS *p, const MG_T *input, MG_T *output)
{
    MG_TYPED(pool)(p, input, output, MG_TYPED(average));
}

void MG_TYPED(mg_max_pool)(const MG_PARAMS *p, const MG_T *input, MG_T *output)
{
    MG_TYPED(pool)(p, input, output, MG_TYPED(maximum));
}
