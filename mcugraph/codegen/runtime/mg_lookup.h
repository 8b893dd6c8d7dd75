/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_LOOKUP_H
#define MG_LOOKUP_H

#include "mg_common.h"

typedef struct {
    const uint8_t *table; /* the bytes of the results of bytes 0, 1 and so on */
    int32_t count;        /* elements */
} mg_lookup_params;

/* Any function of one operand of 8 bits, element by element. */
void mg_lookup(const mg_lookup_params *p, const void *input, void *output);

#endif
