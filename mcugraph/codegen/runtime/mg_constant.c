/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_constant.h"

void mg_constant(const mg_constant_params *p, void *output)
{
    memcpy(output, p->data, (size_t)p->bytes);
}
