/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_rows_w8.h"

#define MG_T float
#define MG_SUFFIX w8
#define MG_LANES 1
#define MG_WEIGHT int8_t
#define MG_SUM float
#define MG_PLUS(sum, x) ((sum) + (x))
#define MG_HALVES
#include "mg_rows_any.h"
