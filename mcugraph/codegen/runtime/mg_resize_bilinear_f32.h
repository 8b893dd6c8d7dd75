/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_RESIZE_BILINEAR_F32_H
#define MG_RESIZE_BILINEAR_F32_H

#include "mg_common.h"

typedef struct {
    const int32_t *rows;    /* by row of the output: two rows of the input */
    const float *down;      /* by row: how far it lies behind the first of them */
    const int32_t *columns; /* by column, likewise */
    const float *across;
    int32_t batches;
    int32_t input_height, input_width;
    int32_t output_height, output_width;
    int32_t depth;
} mg_resize_bilinear_f32_params;

/* Interpolates between four pixels: pixel by pixel, and there channel by channel. */
void mg_resize_bilinear_f32(const mg_resize_bilinear_f32_params *p, const float *input,
                            float *output);

#endif
