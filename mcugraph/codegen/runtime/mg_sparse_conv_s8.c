/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_sparse_conv_s8.h"

static int8_t finished(const mg_conv_s8_params *p, int32_t sum, int32_t channel)
{
    sum = mg_scale(mg_plus(sum, p->bias[channel]), p->multipliers[channel], p->shifts[channel]);
    return (int8_t)mg_clamp(mg_plus(sum, p->output_zero), p->least, p->largest);
}

#define MG_T int8_t
#define MG_SUFFIX s8
#define MG_PARAMS mg_sparse_conv_s8_params
#define MG_LAYER mg_conv_s8_params
#define MG_SUM int32_t
#define MG_LANES 4
#define MG_PADDING(p) (p)->input_zero
#define MG_ENDED finished
#include "mg_sparse_conv_any.h"
