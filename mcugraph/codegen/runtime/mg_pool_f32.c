/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_pool_f32.h"

#include <float.h>

#define MG_T float
#define MG_SUFFIX f32
#define MG_PARAMS mg_pool_f32_params
#define MG_SUM float
#define MG_LEAST (-FLT_MAX)
#define MG_AVERAGE(sum, count) ((sum) / (float)(count))
#define MG_CLAMP mg_clamp_f32
#include "mg_pool_any.h"
