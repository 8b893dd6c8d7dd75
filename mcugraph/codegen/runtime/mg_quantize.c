/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_quantize.h"

#include <math.h>

#define MG_FILE "mg_quantize_any.h"
#include "mg_integers.h"
