/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_PAD_H
#define MG_PAD_H

#include "mg_common.h"

#define MG_PAD_AXES 5

typedef struct {
    int32_t sizes[MG_PAD_AXES];  /* of the input, in rows of bytes; absent axes are 1 */
    int32_t before[MG_PAD_AXES]; /* elements that are put before each axis */
    int32_t after[MG_PAD_AXES];  /* and behind */
    int32_t inner[MG_PAD_AXES];  /* bytes of the output of one element of each axis */
    int32_t row;                 /* bytes that are copied at once: of one element of the last axis */
    int32_t width;               /* bytes of a value: 1, 2 or 4 */
    int32_t value;               /* what is put there */
} mg_pad_params;

/* Puts a value around the input: in the order of the output. */
void mg_pad(const mg_pad_params *p, const void *input, void *output);

#endif
