/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_lookup.h"

void mg_lookup(const mg_lookup_params *p, const void *input, void *output)
{
    const uint8_t *table = p->table, *from = (const uint8_t *)input;
    uint8_t *to = (uint8_t *)output;
    int32_t i;
    for (i = 0; i < p->count; i++) {
        to[i] = table[from[i]];
    }
}
