/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_CAST_H
#define MG_CAST_H

#include "mg_common.h"

typedef enum {
    MG_BOOL,
    MG_UINT8,
    MG_INT8,
    MG_INT16,
    MG_INT32,
    MG_INT64,
    MG_FLOAT32
} mg_type;

typedef struct {
    int32_t count; /* elements */
    mg_type from, to;
} mg_cast_params;

/* The same numbers in another type: of floats what stands before the point, and of integers as many
 * bits as there are; a bool is whether there is anything. */
void mg_cast(const mg_cast_params *p, const void *input, void *output);

#endif
