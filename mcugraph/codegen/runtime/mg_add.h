/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_ADD_H
#define MG_ADD_H

#include "mg_common.h"

typedef struct {
    int32_t sizes[MG_AXES];  /* of the result; axes that go together are one, absent ones are 1 */
    int32_t first[MG_AXES];  /* elements of the first operand from one to the next; 0: the same */
    int32_t second[MG_AXES]; /* of the second one */
    int32_t left;            /* bits that operands are shifted before they have one scale */
    int32_t first_zero, first_multiplier, first_shift;
    int32_t second_zero, second_multiplier, second_shift;
    int32_t sign; /* 1: the sum; -1: the difference */
    int32_t output_zero, output_multiplier, output_shift;
    int32_t least, largest; /* stored values that the activation lets through */
} mg_add_params;

/* Sum or difference of two operands, element by element. */
void mg_add_s8(const mg_add_params *p, const int8_t *first, const int8_t *second, int8_t *output);
void mg_add_s16(const mg_add_params *p, const int16_t *first, const int16_t *second,
                int16_t *output);

#if MG_SINGLE_ROUNDING

typedef struct {
    int32_t sizes[MG_AXES];  /* of the result; axes that go together are one, absent ones are 1 */
    int32_t first[MG_AXES];  /* elements of the first operand from one to the next; 0: the same */
    int32_t second[MG_AXES]; /* of the second one */
    int32_t first_multiplier, second_multiplier; /* with so many bits behind the point: */
    int32_t shift;
    int32_t bias; /* what the zero points of the operands come to, and half of the last bit */
    int32_t output_zero;
    int32_t least, largest; /* stored values that the activation lets through */
} mg_add_once_params;

/* The sum of both operands by their multipliers, rounded once, as LiteRT does it. */
void mg_add_once_s8(const mg_add_once_params *p, const int8_t *first, const int8_t *second,
                    int8_t *output);

#endif
#endif
