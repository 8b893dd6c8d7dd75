/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_sparse_fully_connected_w8.h"

#include "mg_layer_w8.h"

#define MG_PARAMS mg_sparse_fully_connected_w8_params
#include "mg_sparse_fully_connected_any.h"
