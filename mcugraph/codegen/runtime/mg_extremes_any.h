/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* Extremes, once for each type of integers: mg_integers.h says how. */

static MG_T MG_TYPED(larger)(const mg_extremes_params *p, MG_T first, MG_T second)
{
    (void)p;
    return first > second ? first : second;
}

static MG_T MG_TYPED(smaller)(const mg_extremes_params *p, MG_T first, MG_T second)
{
    (void)p;
    return first < second ? first : second;
}

#define MG_PARAMS mg_extremes_params
#include "mg_pairs.h"
#undef MG_PARAMS

void MG_TYPED(mg_maximum)(const mg_extremes_params *p, const MG_T *first, const MG_T *second,
                          MG_T *output)
{
    MG_TYPED(each_pair)(p, first, second, output, MG_TYPED(larger));
}

void MG_TYPED(mg_minimum)(const mg_extremes_params *p, const MG_T *first, const MG_T *second,
                          MG_T *output)
{
    MG_TYPED(each_pair)(p, first, second, output, MG_TYPED(smaller));
}
