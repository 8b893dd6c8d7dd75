/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_EXTREMES_H
#define MG_EXTREMES_H

#include "mg_common.h"

typedef struct {
    int32_t sizes[MG_AXES];  /* of the result; axes that go together are one, absent ones are 1 */
    int32_t first[MG_AXES];  /* elements of the first operand from one to the next; 0: the same */
    int32_t second[MG_AXES]; /* of the second one */
} mg_extremes_params;

/* The larger, or the smaller, of two operands, element by element. */
void mg_maximum_s8(const mg_extremes_params *p, const int8_t *first, const int8_t *second,
                   int8_t *output);
void mg_minimum_s8(const mg_extremes_params *p, const int8_t *first, const int8_t *second,
                   int8_t *output);
void mg_maximum_s16(const mg_extremes_params *p, const int16_t *first, const int16_t *second,
                    int16_t *output);
void mg_minimum_s16(const mg_extremes_params *p, const int16_t *first, const int16_t *second,
                    int16_t *output);

#endif
