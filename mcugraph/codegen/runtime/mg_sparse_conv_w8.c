/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_sparse_conv_w8.h"

#include "mg_layer_w8.h"

#define MG_PARAMS mg_sparse_conv_w8_params
#define MG_LAYER mg_conv_w8_params
#define MG_LANES 1
#define MG_PADDING(p) 0
#include "mg_sparse_conv_any.h"
