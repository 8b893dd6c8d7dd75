/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_copy.h"

void mg_copy(const mg_copy_params *p, const void *input, void *output)
{
    memmove(output, input, (size_t)p->bytes);
}
