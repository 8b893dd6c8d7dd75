/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_arg_extreme_s8.h"

#define MG_T int8_t
#define MG_ARG_EXTREME mg_arg_extreme_s8
#define MG_PARAMS mg_arg_extreme_s8_params
#include "mg_arg_extreme_any.h"
