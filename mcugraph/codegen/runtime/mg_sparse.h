/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_SPARSE_H
#define MG_SPARSE_H

#include "mg_common.h"

/* Rows of weights of which only those that are not zero are stored, one row after the other. */
typedef struct {
    const int8_t *values;
    const uint8_t *narrow_columns; /* where each one stands in its row; NULL: they are wide */
    const uint16_t *wide_columns;
    const uint16_t *counts; /* how many each row has */
} mg_sparse;

#endif
