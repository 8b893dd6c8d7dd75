/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_ROWS_H
#define MG_ROWS_H

#include "mg_common.h"

/* Rows of weights that hold many zeros, stored one after the other. */
typedef struct {
    const void *weights;    /* those that are stored, of the layer's type; NULL: none */
    const void *places;     /* where they stand, as the reader of the rows has it */
    const uint16_t *counts; /* how many each row has, where that has to be told; else NULL */
    int32_t columns;        /* of a row */
    int16_t block_rows, block_columns; /* sides of what is stored as one */
} mg_rows;

/* All readers of rows that mg_rows_any.h makes, of a type of function, and what their names end in. */
#define MG_DECLARE_READERS(type, suffix)                                                           \
    type mg_crs8_##suffix, mg_crs16_##suffix, mg_bitmap_##suffix, mg_1_of_2_##suffix,              \
        mg_2_of_4_##suffix, mg_1_of_4_##suffix, mg_2_of_8_##suffix, mg_1_of_8_##suffix,            \
        mg_2_of_16_##suffix, mg_1_of_16_##suffix, mg_blocks8_##suffix, mg_blocks16_##suffix

/* Where the next row begins. */
typedef struct {
    const void *weights, *places;
    const uint16_t *counts;
    int32_t of_block; /* its number among the rows that share places */
} mg_row;

static inline mg_row mg_first_row(const mg_rows *rows)
{
    mg_row at;
    at.weights = rows->weights;
    at.places = rows->places;
    at.counts = rows->counts;
    at.of_block = 0;
    return at;
}

/* The place of the lowest bit of a byte that is set; one is. */
static inline int32_t mg_lowest_bit(uint32_t byte)
{
#if defined(__GNUC__) && (!defined(__arm__) || defined(__ARM_FEATURE_CLZ))
    return __builtin_ctz(byte);
#else
    static const uint8_t of_four[16] = {0, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0};
    return byte & 15u ? of_four[byte & 15u] : 4 + of_four[byte >> 4];
#endif
}

#endif
