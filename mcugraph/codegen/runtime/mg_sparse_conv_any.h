/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* Convolutions whose weights hold many zeros, once for each type of elements, with these defined:
 *   MG_T, MG_SUFFIX: the type, and what names for it end in
 *   MG_PARAMS, MG_LAYER: what tells the layer and how its weights are stored, and the former alone
 *   MG_SUM: the type of sums of products
 *   MG_LANES, MG_COLUMN: pixels that are made at once, and the type of data under their windows
 *   MG_PADDING(p): what lies around an image
 *   MG_ENDED(p, sum, channel): the result of a sum */

/* What the window of an output pixel lies on; elements of all lanes take turns. */
static void gather(const MG_LAYER *p, const MG_T *input, int32_t pixel, int32_t group,
                   MG_COLUMN *column)
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
                *column = (MG_COLUMN)(inside ? input[place + c] : MG_PADDING(p));
                column += MG_LANES;
            }
        }
    }
}

static void one_image(const MG_PARAMS *p, const MG_T *input, MG_T *output, MG_COLUMN *columns)
{
    const MG_LAYER *layer = &p->layer;
    const int32_t channels = layer->output_channels / layer->groups;
    const int32_t pixels = layer->output_height * layer->output_width;
    int32_t pixel, group, channel, lane;
    for (pixel = 0; pixel < pixels; pixel += MG_LANES) {
        mg_row at = mg_first_row(&p->weights);
        MG_T *to[MG_LANES];
        for (group = 0; group < layer->groups; group++) {
            for (lane = 0; lane < MG_LANES; lane++) {
                /* Behind the last pixel, that is computed again. */
                const int32_t one = pixel + lane < pixels ? pixel + lane : pixels - 1;
                to[lane] = output + one * layer->output_channels + group * channels;
                gather(layer, input, one, group, columns + lane);
            }
            for (channel = 0; channel < channels; channel++) {
                MG_SUM sums[MG_LANES] = {0};
                p->add(&p->weights, &at, columns, sums);
                for (lane = 0; lane < MG_LANES; lane++) {
                    *to[lane]++ = MG_ENDED(layer, sums[lane], group * channels + channel);
                }
            }
        }
    }
}

void MG_TYPED(mg_sparse_conv)(const MG_PARAMS *p, const MG_T *input, MG_T *output, void *scratch)
{
    const MG_LAYER *layer = &p->layer;
    int32_t batch;
    for (batch = 0; batch < layer->batches; batch++) {
        one_image(p, input, output, (MG_COLUMN *)scratch);
        input += layer->input_height * layer->input_width * layer->input_channels;
        output += layer->output_height * layer->output_width * layer->output_channels;
    }
}
