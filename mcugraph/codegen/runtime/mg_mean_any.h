/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* Means and sums, once for each type of integers (mg_integers.h says how) and way of scaling:
 *   MG_PARAMS: what tells axes and factors
 *   MG_RESULT(p, sum): the result of a sum */

static int32_t MG_TYPED(summed)(const mg_mean_axes *a, const MG_T *from)
{
    const int32_t further = a->middle * a->second * a->inner;
    int32_t sum = 0, i, j;
    for (i = 0; i < a->first; i++) {
        const MG_T *next = from;
        for (j = 0; j < a->second; j++) {
            sum += *next;
            next += a->inner;
        }
        from += further;
    }
    return sum;
}

void MG_TYPED(mg_mean)(const MG_PARAMS *p, const MG_T *input, MG_T *output)
{
    const mg_mean_axes *a = &p->axes;
    const int32_t row = a->second * a->inner;
    int32_t outer, middle, inner;
    for (outer = 0; outer < a->outer; outer++) {
        for (middle = 0; middle < a->middle; middle++) {
            for (inner = 0; inner < a->inner; inner++) {
                const int32_t sum = MG_TYPED(summed)(a, input + middle * row + inner);
                *output++ = (MG_T)MG_RESULT(p, sum);
            }
        }
        input += a->first * a->middle * row;
    }
}
