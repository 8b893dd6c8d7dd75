/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_RESIZE_BILINEAR_S8_H
#define MG_RESIZE_BILINEAR_S8_H

#include "mg_common.h"

typedef struct {
    const int16_t *rows; /* by row of the output: two rows of the input, and how far it lies behind
                          * the first one, in parts of 1024; 2048 with MG_SINGLE_ROUNDING */
    const int16_t *columns; /* by column, likewise */
    int32_t batches;
    int32_t input_height, input_width;
    int32_t output_height, output_width;
    int32_t depth;
} mg_resize_bilinear_s8_params;

/* Interpolates between four pixels: pixel by pixel, and there channel by channel. */
void mg_resize_bilinear_s8(const mg_resize_bilinear_s8_params *p, const int8_t *input,
                           int8_t *output);

#endif
