/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_ROWS_S8X4_H
#define MG_ROWS_S8X4_H

#include "mg_rows.h"

/* Adds products of int8 by int8, four rows of data at once, one behind the other: those of the next row of weights. mg_rows_any.h tells more. */
typedef void mg_add_row_s8x4(const mg_rows *rows, mg_row *at, const int8_t *data, int32_t *sums);

MG_DECLARE_READERS(mg_add_row_s8x4, s8x4);
mg_add_row_s8x4 mg_halves_s8x4;

#endif
