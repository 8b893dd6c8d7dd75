/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_resize_bilinear_f32.h"

static float *one_row(const mg_resize_bilinear_f32_params *p, const float *input, int32_t y,
                      float *output)
{
    const float *first = input + p->rows[2 * y] * p->input_width * p->depth;
    const float *second = input + p->rows[2 * y + 1] * p->input_width * p->depth;
    const float down = p->down[y];
    int32_t x, c;
    for (x = 0; x < p->output_width; x++) {
        const int32_t left = p->columns[2 * x] * p->depth;
        const int32_t right = p->columns[2 * x + 1] * p->depth;
        const float across = p->across[x];
        for (c = 0; c < p->depth; c++) {
            *output++ = first[left + c] * (1.0f - down) * (1.0f - across) +
                        second[left + c] * down * (1.0f - across) +
                        first[right + c] * (1.0f - down) * across +
                        second[right + c] * down * across + 0.0f;
        }
    }
    return output;
}

void mg_resize_bilinear_f32(const mg_resize_bilinear_f32_params *p, const float *input,
                            float *output)
{
    int32_t batch, y;
    for (batch = 0; batch < p->batches; batch++) {
        for (y = 0; y < p->output_height; y++) {
            output = one_row(p, input, y, output);
        }
        input += p->input_height * p->input_width * p->depth;
    }
}
