/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* Products, once for each type of integers: mg_integers.h says how. */

static MG_T MG_TYPED(product_of)(const mg_mul_params *p, MG_T first, MG_T second)
{
    int32_t product = (first - p->first_zero) * (second - p->second_zero);
    product = MG_SCALE(product, p->multiplier, p->shift) + p->output_zero;
    return (MG_T)mg_clamp(product, p->least, p->largest);
}

#define MG_PARAMS mg_mul_params
#include "mg_pairs.h"
#undef MG_PARAMS

void MG_TYPED(mg_mul)(const mg_mul_params *p, const MG_T *first, const MG_T *second, MG_T *output)
{
    MG_TYPED(each_pair)(p, first, second, output, MG_TYPED(product_of));
}
