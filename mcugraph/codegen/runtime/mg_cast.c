/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_cast.h"

/* What stands before the point; of what does not fit the nearest number, of no number 0. */
static int64_t whole(float x)
{
    const float limit = 9223372036854775808.0f;
    if (x >= limit) {
        return INT64_MAX;
    }
    return x < -limit ? INT64_MIN : x == x ? (int64_t)x : 0;
}

static int64_t integer(mg_type type, const void *from, int32_t i)
{
    switch (type) {
    case MG_BOOL:
    case MG_UINT8:
        return ((const uint8_t *)from)[i];
    case MG_INT8:
        return ((const int8_t *)from)[i];
    case MG_INT16:
        return ((const int16_t *)from)[i];
    case MG_INT32:
        return ((const int32_t *)from)[i];
    case MG_INT64:
        return ((const int64_t *)from)[i];
    default:
        return whole(((const float *)from)[i]);
    }
}

static void put(mg_type type, void *to, int32_t i, int64_t x)
{
    switch (type) {
    case MG_BOOL:
        ((uint8_t *)to)[i] = x != 0;
        break;
    case MG_UINT8:
    case MG_INT8:
        ((uint8_t *)to)[i] = (uint8_t)x;
        break;
    case MG_INT16:
        ((uint16_t *)to)[i] = (uint16_t)x;
        break;
    case MG_INT32:
        ((uint32_t *)to)[i] = (uint32_t)x;
        break;
    case MG_INT64:
        ((int64_t *)to)[i] = x;
        break;
    default:
        ((float *)to)[i] = (float)x;
    }
}

void mg_cast(const mg_cast_params *p, const void *input, void *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        if (p->from == MG_FLOAT32 && p->to == MG_FLOAT32) {
            ((float *)output)[i] = ((const float *)input)[i];
        } else if (p->from == MG_FLOAT32 && p->to == MG_BOOL) {
            ((uint8_t *)output)[i] = ((const float *)input)[i] != 0.0f;
        } else {
            put(p->to, output, i, integer(p->from, input, i));
        }
    }
}
