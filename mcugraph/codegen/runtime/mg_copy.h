/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_COPY_H
#define MG_COPY_H

#include "mg_common.h"

typedef struct {
    int32_t bytes;
} mg_copy_params;

void mg_copy(const mg_copy_params *p, const void *input, void *output);

#endif
