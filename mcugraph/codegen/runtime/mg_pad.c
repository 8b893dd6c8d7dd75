/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_pad.h"

typedef struct {
    const uint8_t *from;
    uint8_t *to;
} places;

static uint8_t *fill(const mg_pad_params *p, uint8_t *to, int32_t bytes)
{
    int32_t i;
    if (p->width == 1) {
        memset(to, (uint8_t)p->value, (size_t)bytes);
    } else {
        for (i = 0; i < bytes; i++) {
            to[i] = (uint8_t)((uint32_t)p->value >> 8 * (i % p->width));
        }
    }
    return to + bytes;
}

static places pad_along(const mg_pad_params *p, int32_t axis, places at)
{
    const int32_t count = p->sizes[axis], inner = p->inner[axis];
    int32_t i;
    at.to = fill(p, at.to, p->before[axis] * inner);
    if (axis < MG_PAD_AXES - 1) {
        for (i = 0; i < count; i++) {
            at = pad_along(p, axis + 1, at);
        }
    } else {
        const int32_t bytes = count * p->row;
        memmove(at.to, at.from, (size_t)bytes);
        at.from += bytes;
        at.to += bytes;
    }
    at.to = fill(p, at.to, p->after[axis] * inner);
    return at;
}

void mg_pad(const mg_pad_params *p, const void *input, void *output)
{
    places at;
    at.from = (const uint8_t *)input;
    at.to = (uint8_t *)output;
    pad_along(p, 0, at);
}
