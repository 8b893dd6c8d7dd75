/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_split.h"

void mg_split(const mg_split_params *p, const void *const *inputs, void *const *outputs)
{
    const uint8_t *from = (const uint8_t *)inputs[0];
    int32_t row, i;
    for (row = 0; row < p->count; row++) {
        for (i = 0; i < p->results; i++) {
            memmove((uint8_t *)outputs[i] + row * p->rows[i], from, (size_t)p->rows[i]);
            from += p->rows[i];
        }
    }
}
