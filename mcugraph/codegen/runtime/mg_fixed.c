/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_fixed.h"

#define ONE_IN_3 (1 << 29) /* 1 with 2 bits before the point */

int32_t mg_reciprocal(int32_t x)
{
    const int64_t sum = (int64_t)x + INT32_MAX;
    const int32_t half = (int32_t)((sum + (sum >= 0 ? 1 : -1)) / 2); /* of the denominator */
    int32_t step, found = 1515870810 + mg_high(half, -1010580540); /* 48/17 - 32/17 * half */
    for (step = 0; step < 3; step++) {
        const int32_t rest = ONE_IN_3 - mg_high(half, found);
        found += mg_shift_left(mg_high(found, rest), 2);
    }
    return mg_shift_left(found, 1);
}
