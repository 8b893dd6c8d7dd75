/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* From floats to integers and back, once for each type of these: mg_integers.h says how. */

void MG_TYPED(mg_quantize)(const mg_quantize_params *p, const float *input, MG_T *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        /* What is far outside is brought near before it becomes an integer. */
        const float stored = mg_clamp_f32(roundf(input[i] / p->scale), -100000.0f, 100000.0f);
        output[i] = (MG_T)mg_clamp((int32_t)stored + p->zero, MG_LEAST, MG_LARGEST);
    }
}

void MG_TYPED(mg_dequantize)(const mg_quantize_params *p, const MG_T *input, float *output)
{
    int32_t i;
    for (i = 0; i < p->count; i++) {
        output[i] = p->scale * (float)(input[i] - p->zero);
    }
}
