/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_RESCALE_H
#define MG_RESCALE_H

#include "mg_common.h"

typedef struct {
    int32_t count; /* elements */
    int32_t input_zero, output_zero;
    int32_t above_multiplier, above_shift; /* of what is above zero */
    int32_t below_multiplier, below_shift; /* of what is below */
    int32_t below_sign;                    /* 1 or -1, once more */
    int32_t least, largest;                /* stored values that are let through */
} mg_rescale_params;

/* Other scales, rectified linear units and leaky ones: element by element, from the type that is
 * named first to the other one. */
void mg_rescale_s16_s16(const mg_rescale_params *p, const int16_t *input, int16_t *output);
void mg_rescale_s16_s8(const mg_rescale_params *p, const int16_t *input, int8_t *output);
void mg_rescale_s16_s32(const mg_rescale_params *p, const int16_t *input, int32_t *output);
void mg_rescale_s8_s16(const mg_rescale_params *p, const int8_t *input, int16_t *output);

#endif
