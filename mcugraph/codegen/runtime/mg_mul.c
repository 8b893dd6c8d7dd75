/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_mul.h"

#define MG_T int8_t
#define MG_SUFFIX s8
#define MG_SCALE mg_scale
#include "mg_mul_any.h"
#undef MG_T
#undef MG_SUFFIX
#undef MG_SCALE

#define MG_T int16_t
#define MG_SUFFIX s16
#define MG_SCALE mg_scale_twice
#include "mg_mul_any.h"
#undef MG_T
#undef MG_SUFFIX
#undef MG_SCALE
