/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_MATMUL_H
#define MG_MATMUL_H

#include "mg_common.h"

#define MG_MATMUL_AXES 3 /* of matrices that are multiplied one by one */

/* Rows of the first operand times columns of the second; all distances are in elements. */
typedef struct {
    int32_t sizes[MG_MATMUL_AXES];  /* matrices along each axis */
    int32_t first[MG_MATMUL_AXES];  /* from one of the first operand to the next; 0: the same */
    int32_t second[MG_MATMUL_AXES]; /* of the second one */
    int32_t rows, columns, depth;
    int32_t row, along;    /* of the first operand: from row to row, and along the depth */
    int32_t column, below; /* of the second one: from column to column, and along the depth */
} mg_matmul;

#endif
