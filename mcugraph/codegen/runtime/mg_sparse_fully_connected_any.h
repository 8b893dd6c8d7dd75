/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* Fully connected layers whose weights hold many zeros, once for each type of elements, with these
 * defined:
 *   MG_T, MG_SUFFIX: the type, and what names for it end in
 *   MG_PARAMS: what tells the layer and how its weights are stored
 *   MG_SUM: the type of sums of products
 *   MG_ENDED(p, sum, channel): the result of a sum */

void MG_TYPED(mg_sparse_fully_connected)(const MG_PARAMS *p, const MG_T *input, MG_T *output)
{
    int32_t row, unit;
    for (row = 0; row < p->layer.rows; row++) {
        mg_row at = mg_first_row(&p->weights);
        for (unit = 0; unit < p->layer.units; unit++) {
            MG_SUM sum = 0;
            p->add(&p->weights, &at, input, &sum);
            output[unit] = MG_ENDED(&p->layer, sum, unit);
        }
        input += p->layer.depth;
        output += p->layer.units;
    }
}
