/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_SPARSE_CONV_S16_H
#define MG_SPARSE_CONV_S16_H

#include "mg_conv_s16.h"
#include "mg_rows_s16.h"

typedef struct {
    mg_conv_s16_params layer; /* without weights */
    mg_rows weights; /* a row an output channel, its columns the elements of a window */
    mg_add_row_s16 *add; /* reads them */
} mg_sparse_conv_s16_params;

/* As mg_conv_s16, but for how weights are stored. */
void mg_sparse_conv_s16(const mg_sparse_conv_s16_params *p, const int16_t *input, int16_t *output, void *scratch);

#endif
