/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_pick.h"

void mg_pick(const mg_pick_params *p, const void *input, void *output)
{
    const int32_t *n = p->sizes;
    const int32_t *a = p->places, *b = a + n[0], *c = b + n[1], *d = c + n[2];
    uint8_t *to = output;
    int32_t i, j, k, l;
    for (i = 0; i < n[0]; i++) {
        for (j = 0; j < n[1]; j++) {
            for (k = 0; k < n[2]; k++) {
                const uint8_t *from = (const uint8_t *)input + a[i] + b[j] + c[k];
                for (l = 0; l < n[3]; l++) {
                    memmove(to, from + d[l], (size_t)p->run);
                    to += p->run;
                }
            }
        }
    }
}
