/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* Fully connected layers, once for each type of elements, with these defined:
 *   MG_T, MG_SUFFIX: the type, and what names for it end in
 *   MG_PARAMS: what tells the geometry
 *   MG_WEIGHT, MG_SUM: the types of weights and of sums of products
 *   MG_ENDED(p, sum, channel): the result of a sum */

void MG_TYPED(mg_fully_connected)(const MG_PARAMS *p, const MG_T *input, MG_T *output)
{
    int32_t row, unit, k;
    for (row = 0; row < p->rows; row++) {
        const MG_WEIGHT *weights = p->weights;
        for (unit = 0; unit < p->units; unit++) {
            MG_SUM sum = 0;
            for (k = 0; k < p->depth; k++) {
                sum += input[k] * weights[k];
            }
            weights += p->depth;
            output[unit] = MG_ENDED(p, sum, unit);
        }
        input += p->depth;
        output += p->units;
    }
}
