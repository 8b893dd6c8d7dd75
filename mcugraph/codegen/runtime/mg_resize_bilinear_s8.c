/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_resize_bilinear_s8.h"

#if MG_SINGLE_ROUNDING
#define BITS 11 /* of a weight behind the point, as LiteRT has it */
#else
#define BITS 10
#endif
#define ONE (1 << BITS)

/* A sum of weights that make up ONE * ONE, rounded. */
static int8_t rounded(int32_t sum)
{
#if MG_SINGLE_ROUNDING
    return (int8_t)((sum + ONE * ONE / 2) >> (2 * BITS));
#else
    return (int8_t)((sum + (sum > 0 ? ONE * ONE / 2 : -(ONE * ONE / 2))) / (ONE * ONE));
#endif
}

static int8_t *one_row(const mg_resize_bilinear_s8_params *p, const int8_t *input,
                       const int16_t *row, int8_t *output)
{
    const int8_t *first = input + row[0] * p->input_width * p->depth;
    const int8_t *second = input + row[1] * p->input_width * p->depth;
    const int32_t down = row[2];
    int32_t x, c;
    for (x = 0; x < p->output_width; x++) {
        const int16_t *column = p->columns + 3 * x;
        const int32_t left = column[0] * p->depth, right = column[1] * p->depth;
        const int32_t across = column[2];
        for (c = 0; c < p->depth; c++) {
            const int32_t upper =
                first[left + c] * (ONE - across) + first[right + c] * across;
            const int32_t lower =
                second[left + c] * (ONE - across) + second[right + c] * across;
            *output++ = rounded(upper * (ONE - down) + lower * down);
        }
    }
    return output;
}

void mg_resize_bilinear_s8(const mg_resize_bilinear_s8_params *p, const int8_t *input,
                           int8_t *output)
{
    int32_t batch, y;
    for (batch = 0; batch < p->batches; batch++) {
        for (y = 0; y < p->output_height; y++) {
            output = one_row(p, input, p->rows + 3 * y, output);
        }
        input += p->input_height * p->input_width * p->depth;
    }
}
