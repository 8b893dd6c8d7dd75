/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_rows_f32.h"

#define MG_T float
#define MG_SUFFIX f32
#define MG_LANES 1
#define MG_WEIGHT float
#define MG_SUM float
#define MG_PLUS(sum, x) ((sum) + (x))
#include "mg_rows_any.h"
