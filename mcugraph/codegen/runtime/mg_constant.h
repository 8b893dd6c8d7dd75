/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_CONSTANT_H
#define MG_CONSTANT_H

#include "mg_common.h"

typedef struct {
    const void *data;
    int32_t bytes;
} mg_constant_params;

/* The same bytes each time. */
void mg_constant(const mg_constant_params *p, void *output);

#endif
