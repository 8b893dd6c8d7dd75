/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_SPARSE_CONV_S8_H
#define MG_SPARSE_CONV_S8_H

#include "mg_conv_s8.h"
#include "mg_rows_s8.h"
#include "mg_rows_s8x4.h"

typedef struct {
    mg_conv_s8_params layer; /* without weights */
    mg_rows weights; /* a row an output channel, its columns the elements of a window */
    mg_add_row_s8 *add;         /* reads them, for one pixel */
    mg_add_row_s8x4 *add_lanes; /* likewise, for four */
} mg_sparse_conv_s8_params;

/* As mg_conv_s8, but for how weights are stored. */
void mg_sparse_conv_s8(const mg_sparse_conv_s8_params *p, const int8_t *input, int8_t *output, void *scratch);

#endif
