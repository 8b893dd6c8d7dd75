/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_QUANTIZE_H
#define MG_QUANTIZE_H

#include "mg_common.h"

typedef struct {
    int32_t count; /* elements */
    float scale;
    int32_t zero;
} mg_quantize_params;

/* Floats as integers, halves away from zero, and back: element by element. */
void mg_quantize_s8(const mg_quantize_params *p, const float *input, int8_t *output);
void mg_dequantize_s8(const mg_quantize_params *p, const int8_t *input, float *output);
void mg_quantize_s16(const mg_quantize_params *p, const float *input, int16_t *output);
void mg_dequantize_s16(const mg_quantize_params *p, const int16_t *input, float *output);

#endif
