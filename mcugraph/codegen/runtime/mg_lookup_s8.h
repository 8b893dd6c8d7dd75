/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_LOOKUP_S8_H
#define MG_LOOKUP_S8_H

#include "mg_common.h"

typedef struct {
    const int8_t *table; /* the result of -128, -127 and so on */
    int32_t count;       /* elements */
} mg_lookup_s8_params;

/* Any function of one operand, element by element. */
void mg_lookup_s8(const mg_lookup_s8_params *p, const int8_t *input, int8_t *output);

#endif
