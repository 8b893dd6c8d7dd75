/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_STRIDED_H
#define MG_STRIDED_H

#include "mg_common.h"

#define MG_STRIDED_AXES 6

typedef struct {
    int32_t begin;                  /* byte of the input that the output begins with */
    int32_t sizes[MG_STRIDED_AXES]; /* of the output; absent axes are 1 */
    int32_t steps[MG_STRIDED_AXES]; /* bytes of the input from one to the next */
    int32_t run;                    /* bytes that lie side by side */
} mg_strided_params;

/* Copies runs of bytes from places at regular distances: in the order of the output. */
void mg_strided(const mg_strided_params *p, const void *input, void *output);

#endif
