/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_strided.h"

static uint8_t *copy_along(const mg_strided_params *p, int32_t axis, const uint8_t *from,
                           uint8_t *to)
{
    const int32_t count = p->sizes[axis], step = p->steps[axis], run = p->run;
    int32_t i;
    if (axis < MG_STRIDED_AXES - 1) {
        for (i = 0; i < count; i++) {
            to = copy_along(p, axis + 1, from, to);
            from += step;
        }
    } else if (run == 1) {
        for (i = 0; i < count; i++) {
            *to++ = *from;
            from += step;
        }
    } else {
        for (i = 0; i < count; i++) {
            memmove(to, from, (size_t)run);
            to += run;
            from += step;
        }
    }
    return to;
}

void mg_strided(const mg_strided_params *p, const void *input, void *output)
{
    copy_along(p, 0, (const uint8_t *)input + p->begin, (uint8_t *)output);
}
