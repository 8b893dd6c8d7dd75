/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_resize_nearest.h"

void mg_resize_nearest(const mg_resize_nearest_params *p, const void *input, void *output)
{
    const uint8_t *image = (const uint8_t *)input;
    uint8_t *to = (uint8_t *)output;
    int32_t batch, y, x;
    for (batch = 0; batch < p->batches; batch++) {
        for (y = 0; y < p->output_height; y++) {
            const uint8_t *row = image + p->rows[y] * p->input_width * p->pixel;
            for (x = 0; x < p->output_width; x++) {
                memmove(to, row + p->columns[x] * p->pixel, (size_t)p->pixel);
                to += p->pixel;
            }
        }
        image += p->input_height * p->input_width * p->pixel;
    }
}
