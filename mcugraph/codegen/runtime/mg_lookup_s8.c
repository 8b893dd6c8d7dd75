/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_lookup_s8.h"

void mg_lookup_s8(const mg_lookup_s8_params *p, const int8_t *input, int8_t *output)
{
    const int8_t *table = p->table + 128;
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = table[input[i]];
    }
}
