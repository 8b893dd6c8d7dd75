/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_rows_s8.h"

#define MG_T int8_t
#define MG_SUFFIX s8
#define MG_LANES 1
#define MG_WEIGHT int8_t
#define MG_SUM int32_t
#define MG_PLUS mg_plus
#define MG_HALVES
#include "mg_rows_any.h"
