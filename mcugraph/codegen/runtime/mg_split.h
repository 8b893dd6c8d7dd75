/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_SPLIT_H
#define MG_SPLIT_H

#include "mg_common.h"

typedef struct {
    const int32_t *rows; /* bytes of a row of each result */
    int32_t results;
    int32_t count; /* rows of each result */
} mg_split_params;

/* A row of each result after the other, and again. */
void mg_split(const mg_split_params *p, const void *const *inputs, void *const *outputs);

#endif
