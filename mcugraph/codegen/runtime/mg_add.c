/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_add.h"

#define MG_FILE "mg_add_any.h"
#include "mg_integers.h"

#if MG_SINGLE_ROUNDING

static int8_t sum_once(const mg_add_once_params *p, int8_t first, int8_t second)
{
    const int32_t sum = first * p->first_multiplier + second * p->second_multiplier + p->bias;
    return (int8_t)mg_clamp((sum >> p->shift) + p->output_zero, p->least, p->largest);
}

#define MG_T int8_t
#define MG_SUFFIX once_s8
#define MG_PARAMS mg_add_once_params
#include "mg_pairs.h"

void mg_add_once_s8(const mg_add_once_params *p, const int8_t *first, const int8_t *second,
                    int8_t *output)
{
    each_pair_once_s8(p, first, second, output, sum_once);
}

#endif
