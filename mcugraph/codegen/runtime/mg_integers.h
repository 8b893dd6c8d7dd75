/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* Includes MG_FILE once for int8 and once for int16. It finds these defined:
 *   MG_T, MG_SUFFIX: the type of elements, and what names for it end in
 *   MG_LEAST, MG_LARGEST: its bounds
 *   MG_SCALE: how sums are scaled */

#define MG_T int8_t
#define MG_SUFFIX s8
#define MG_LEAST INT8_MIN
#define MG_LARGEST INT8_MAX
#define MG_SCALE mg_scale
#include MG_FILE
#undef MG_T
#undef MG_SUFFIX
#undef MG_LEAST
#undef MG_LARGEST
#undef MG_SCALE

#define MG_T int16_t
#define MG_SUFFIX s16
#define MG_LEAST INT16_MIN
#define MG_LARGEST INT16_MAX
#define MG_SCALE mg_scale_twice
#include MG_FILE
#undef MG_T
#undef MG_SUFFIX
#undef MG_LEAST
#undef MG_LARGEST
#undef MG_SCALE
