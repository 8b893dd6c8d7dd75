/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_ARG_EXTREME_F32_H
#define MG_ARG_EXTREME_F32_H

#include "mg_common.h"

typedef struct {
    int32_t outer, length, inner; /* the axis has axes on both sides */
    int32_t sign;                 /* 1: of the largest; -1: of the smallest */
} mg_arg_extreme_f32_params;

/* Where along an axis the largest or the smallest element stands, the first one of several. */
void mg_arg_extreme_f32(const mg_arg_extreme_f32_params *p, const float *input, int32_t *output);

#endif
