/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_gather.h"

void mg_gather(const mg_gather_params *p, const void *data, const int32_t *places, void *output)
{
    const uint8_t *from = data;
    uint8_t *to = output;
    int32_t i, j;
    for (i = 0; i < p->outer; i++) {
        for (j = 0; j < p->count; j++) {
            const int32_t place = mg_clamp(places[j], 0, p->length - 1);
            memcpy(to, from + place * p->run, (size_t)p->run);
            to += p->run;
        }
        from += p->length * p->run;
    }
}
