/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_SIGMOID_TABLE_H
#define MG_SIGMOID_TABLE_H

#include "mg_common.h"

/* Sigmoids from a table of i / 24, 16 bits behind the point; 256 of them. */

/* The sigmoid between two entries of its table, which x tells with so many bits behind the point;
 * so many bits are added to those of the table. Behind the table, all are the last one. */
static inline int32_t mg_between(const uint16_t *table, int32_t x, int32_t bits, int32_t last)
{
    const int32_t place = x >> bits, rest = x & ((1 << bits) - 1);
    if (place >= 255) {
        return last * (1 << bits);
    }
    return table[place] * (1 << bits) + rest * (table[place + 1] - table[place]);
}

/* sigmoid(x) with 15 bits behind the point, of 24ths with 9. */
static inline int32_t mg_sigmoid(const uint16_t *table, int32_t x)
{
    const int32_t found = mg_between(table, x < 0 ? -x : x, 9, 65534);
    return (x < 0 ? (1 << 25) - found + 511 : found + 512) >> 10;
}

/* tanh(x) = 2 * sigmoid(2x) - 1 with 15 bits behind the point, of 48ths with 8. */
static inline int32_t mg_hyperbolic(const uint16_t *table, int32_t x)
{
    const int32_t found = mg_between(table, x < 0 ? -x : x, 8, 65535) - (1 << 23);
    return (x < 0 ? 127 - found : found + 128) >> 8;
}

#endif
