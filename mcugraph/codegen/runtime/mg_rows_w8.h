/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_ROWS_W8_H
#define MG_ROWS_W8_H

#include "mg_rows.h"

/* Adds products of floats by int8: those of the next row of weights. mg_rows_any.h tells more. */
typedef void mg_add_row_w8(const mg_rows *rows, mg_row *at, const float *data, float *sums);

MG_DECLARE_READERS(mg_add_row_w8, w8);
mg_add_row_w8 mg_halves_w8;

#endif
