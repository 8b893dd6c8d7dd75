/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_concat.h"

void mg_concat(const mg_concat_params *p, const void *const *inputs, void *const *outputs)
{
    uint8_t *to = (uint8_t *)outputs[0];
    int32_t row, i;
    for (row = 0; row < p->count; row++) {
        for (i = 0; i < p->operands; i++) {
            const uint8_t *from = (const uint8_t *)inputs[i] + row * p->rows[i];
            if (to != from) {
                memmove(to, from, (size_t)p->rows[i]);
            }
            to += p->rows[i];
        }
    }
}
