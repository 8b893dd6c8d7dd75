/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* Sums and differences, once for each type of integers: mg_integers.h says how. */

static MG_T MG_TYPED(sum_of)(const mg_add_params *p, MG_T first, MG_T second)
{
    const int32_t one = 1 << p->left;
    int32_t a = first - p->first_zero, b = second - p->second_zero, sum;
    a = mg_scale_twice(a * one, p->first_multiplier, p->first_shift);
    b = mg_scale_twice(b * one, p->second_multiplier, p->second_shift);
    sum = mg_scale_twice(a + p->sign * b, p->output_multiplier, p->output_shift);
    return (MG_T)mg_clamp(sum + p->output_zero, p->least, p->largest);
}

#define MG_PARAMS mg_add_params
#include "mg_pairs.h"
#undef MG_PARAMS

void MG_TYPED(mg_add)(const mg_add_params *p, const MG_T *first, const MG_T *second, MG_T *output)
{
    MG_TYPED(each_pair)(p, first, second, output, MG_TYPED(sum_of));
}
