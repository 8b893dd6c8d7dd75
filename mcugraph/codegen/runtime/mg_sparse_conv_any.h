/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* Convolutions whose weights hold many zeros, once for each type of elements, with these defined:
 *   MG_T, MG_SUFFIX: the type, and what names for it end in
 *   MG_PARAMS, MG_LAYER: what tells the layer and how its weights are stored, and the former alone
 *   MG_SUM: the type of sums of products
 *   MG_LANES: pixels that are made at once, as long as there are so many
 *   MG_PADDING(p): the bytes around an image
 *   MG_ENDED(p, sum, channel): the result of a sum */

static MG_T *copied(MG_T *to, const MG_T *from, int32_t count)
{
    const MG_T *end = from + count;
    while (end - from >= 4) {
        memcpy(to, from, 4 * sizeof(MG_T));
        to += 4;
        from += 4;
    }
    while (from != end) {
        *to++ = *from++;
    }
    return to;
}

static MG_T *padded(MG_T *to, int32_t byte, int32_t count)
{
    memset(to, byte, (size_t)count * sizeof(MG_T));
    return to + count;
}

/* What the window of an output pixel lies on. */
static void gather(const MG_LAYER *p, const MG_T *input, int32_t pixel, int32_t group, MG_T *to)
{
    const int32_t top = pixel / p->output_width * p->stride_y - p->pad_top;
    const int32_t left = pixel % p->output_width * p->stride_x - p->pad_left;
    const mg_span across = mg_on_axis(left, p->window_width, p->dilation_x, p->input_width);
    const int32_t before = across.first * p->depth;
    const int32_t behind = (p->window_width - across.first - across.count) * p->depth;
    /* Neighbours under the window that are neighbours in the input. */
    const int32_t run = p->dilation_x == 1 && p->groups == 1 ? across.count : 1;
    const int32_t next = run * p->dilation_x * p->input_channels;
    const int32_t place =
        (left + across.first * p->dilation_x) * p->input_channels + group * p->depth;
    int32_t wy, wx, y = top;
    for (wy = 0; wy < p->window_height; wy++) {
        if (y < 0 || y >= p->input_height) {
            to = padded(to, MG_PADDING(p), p->window_width * p->depth);
        } else {
            const MG_T *from = input + y * p->input_width * p->input_channels + place;
            if (before) {
                to = padded(to, MG_PADDING(p), before);
            }
            for (wx = 0; wx < across.count; wx += run) {
                to = copied(to, from, run * p->depth);
                from += next;
            }
            if (behind) {
                to = padded(to, MG_PADDING(p), behind);
            }
        }
        y += p->dilation_y;
    }
}

/* All channels of some pixels. */
static void some_pixels(const MG_PARAMS *p, const MG_T *input, int32_t pixel, int32_t lanes,
                        MG_T *output, MG_T *windows)
{
    const MG_LAYER *layer = &p->layer;
    const int32_t made = layer->output_channels, channels = made / layer->groups;
    mg_row at = mg_first_row(&p->weights);
    int32_t group, channel, lane;
    output += pixel * made;
    for (group = 0; group < layer->groups; group++) {
        for (lane = 0; lane < lanes; lane++) {
            gather(layer, input, pixel + lane, group, windows + lane * p->weights.columns);
        }
        for (channel = group * channels; channel < (group + 1) * channels; channel++) {
            MG_SUM sums[MG_LANES] = {0};
#if MG_LANES > 1
            if (lanes > 1) {
                p->add_lanes(&p->weights, &at, windows, sums);
            } else
#endif
            {
                p->add(&p->weights, &at, windows, sums);
            }
            for (lane = 0; lane < lanes; lane++) {
                output[lane * made + channel] = MG_ENDED(layer, sums[lane], channel);
            }
        }
    }
}

void MG_TYPED(mg_sparse_conv)(const MG_PARAMS *p, const MG_T *input, MG_T *output, void *scratch)
{
    const MG_LAYER *layer = &p->layer;
    const int32_t pixels = layer->output_height * layer->output_width;
    int32_t batch, pixel, lanes;
    for (batch = 0; batch < layer->batches; batch++) {
        for (pixel = 0; pixel < pixels; pixel += lanes) {
            lanes = pixel + MG_LANES <= pixels ? MG_LANES : 1;
            some_pixels(p, input, pixel, lanes, output, (MG_T *)scratch);
        }
        input += layer->input_height * layer->input_width * layer->input_channels;
        output += pixels * layer->output_channels;
    }
}
