/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_RESIZE_NEAREST_H
#define MG_RESIZE_NEAREST_H

#include "mg_common.h"

typedef struct {
    const uint16_t *rows;    /* the row of the input that each row of the output is copied from */
    const uint16_t *columns; /* and the column */
    int32_t batches;
    int32_t input_height, input_width;
    int32_t output_height, output_width;
    int32_t pixel; /* bytes of one pixel */
} mg_resize_nearest_params;

/* Copies pixels: in the order of the output. */
void mg_resize_nearest(const mg_resize_nearest_params *p, const void *input, void *output);

#endif
