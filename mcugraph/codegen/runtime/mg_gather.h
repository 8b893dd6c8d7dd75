/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_GATHER_H
#define MG_GATHER_H

#include "mg_common.h"

typedef struct {
    int32_t outer;  /* slices of the data, each [length][run] */
    int32_t length; /* of the axis that is gathered from */
    int32_t count;  /* places */
    int32_t run;    /* bytes that are copied at once */
} mg_gather_params;

/* Copies what stands at given places, which are clipped to the axis: output [outer][count][run]. */
void mg_gather(const mg_gather_params *p, const void *data, const int32_t *places, void *output);

#endif
