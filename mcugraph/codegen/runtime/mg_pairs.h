/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* A result and the two operands that make it up, which may be spread. Included once for each type
 * of elements, with these defined:
 *   MG_T, MG_SUFFIX: the type, and what names for it end in
 *   MG_PARAMS: what tells sizes and distances */

static void MG_TYPED(each_pair)(const MG_PARAMS *p, const MG_T *first, const MG_T *second,
                                MG_T *output, MG_T (*of)(const MG_PARAMS *, MG_T, MG_T))
{
    const int32_t *n = p->sizes, *s = p->first, *t = p->second;
    int32_t i, j, k, l;
    for (i = 0; i < n[0]; i++) {
        for (j = 0; j < n[1]; j++) {
            for (k = 0; k < n[2]; k++) {
                const MG_T *a = first + i * s[0] + j * s[1] + k * s[2];
                const MG_T *b = second + i * t[0] + j * t[1] + k * t[2];
                for (l = 0; l < n[3]; l++) {
                    *output++ = of(p, *a, *b);
                    a += s[3];
                    b += t[3];
                }
            }
        }
    }
}
