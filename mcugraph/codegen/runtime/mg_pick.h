/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_PICK_H
#define MG_PICK_H

#include "mg_common.h"

#define MG_PICK_AXES 4

typedef struct {
    const int32_t *places; /* bytes from the first one, for each turn of each loop in turn */
    int32_t sizes[MG_PICK_AXES]; /* of the loops, the outermost first */
    int32_t run;                 /* bytes that are copied at once */
} mg_pick_params;

/* Copies runs of bytes whose places add up, one along each axis. */
void mg_pick(const mg_pick_params *p, const void *input, void *output);

#endif
