/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_pool.h"

/* Halves away from zero. */
static inline int32_t average_of(int32_t sum, int32_t count)
{
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

#define MG_PARAMS mg_pool_params
#define MG_SUM int32_t
#define MG_AVERAGE average_of
#define MG_CLAMP mg_clamp
#define MG_FILE "mg_pool_any.h"
#include "mg_integers.h"
