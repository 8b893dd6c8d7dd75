/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_CONCAT_H
#define MG_CONCAT_H

#include "mg_common.h"

typedef struct {
    const int32_t *rows; /* bytes of a row of each operand */
    int32_t operands;
    int32_t count; /* rows of each operand */
} mg_concat_params;

/* A row of each operand after the other, and again. What lies at its place already is left there. */
void mg_concat(const mg_concat_params *p, const void *const *inputs, void *const *outputs);

#endif
