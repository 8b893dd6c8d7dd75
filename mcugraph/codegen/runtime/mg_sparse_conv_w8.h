/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_SPARSE_CONV_W8_H
#define MG_SPARSE_CONV_W8_H

#include "mg_conv_w8.h"
#include "mg_rows_w8.h"

typedef struct {
    mg_conv_w8_params layer; /* without weights */
    mg_rows weights; /* a row an output channel, its columns the elements of a window */
    mg_add_row_w8 *add; /* reads them */
} mg_sparse_conv_w8_params;

/* As mg_conv_w8, but for how weights are stored. */
void mg_sparse_conv_w8(const mg_sparse_conv_w8_params *p, const float *input, float *output, void *scratch);

#endif
