/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_mean.h"

#define MG_PARAMS mg_mean_params
#define MG_RESULT(p, sum)                                                                          \
    mg_clamp(mg_scale_twice((sum) - (p)->sum_of_zeros, (p)->multiplier, (p)->shift) +              \
                 (p)->output_zero,                                                                 \
             MG_LEAST, MG_LARGEST)
#define MG_FILE "mg_mean_any.h"
#include "mg_integers.h"
#undef MG_PARAMS
#undef MG_RESULT

#if MG_SINGLE_ROUNDING

static float in_single(const mg_mean_once_params *p, int32_t sum)
{
    const float whole = 12582912.0f; /* a number of single precision as large has no fraction */
    const float stored = (float)sum * p->factor + p->added;
    return mg_clamp_f32(stored, INT8_MIN, INT8_MAX) + whole - whole;
}

#define MG_T int8_t
#define MG_SUFFIX once_s8
#define MG_PARAMS mg_mean_once_params
#define MG_RESULT in_single
#include "mg_mean_any.h"

#endif
