/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* Where extremes stand, once for each type of elements, with these defined:
 *   MG_T: the type
 *   MG_ARG_EXTREME: the function's name; MG_PARAMS: the type of its parameters */

void MG_ARG_EXTREME(const MG_PARAMS *p, const MG_T *input, int32_t *output)
{
    int32_t i, j, k;
    for (i = 0; i < p->outer; i++) {
        for (j = 0; j < p->inner; j++) {
            int32_t best = 0;
            for (k = 1; k < p->length; k++) {
                const MG_T x = input[k * p->inner + j], y = input[best * p->inner + j];
                best = (p->sign > 0 ? x > y : x < y) ? k : best;
            }
            *output++ = best;
        }
        input += p->length * p->inner;
    }
}
