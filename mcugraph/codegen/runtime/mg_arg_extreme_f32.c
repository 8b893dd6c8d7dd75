/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_arg_extreme_f32.h"

#define MG_T float
#define MG_ARG_EXTREME mg_arg_extreme_f32
#define MG_PARAMS mg_arg_extreme_f32_params
#include "mg_arg_extreme_any.h"
