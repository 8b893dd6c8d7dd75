/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* What layers of floats are made of, for mg_conv_any.h and its kin. */

#define MG_T float
#define MG_SUFFIX f32
#define MG_WEIGHT float
#define MG_SUM float
#define MG_ENDED(p, sum, channel)                                                                  \
    mg_clamp_f32((sum) + ((p)->bias == NULL ? 0.0f : (p)->bias[channel]), (p)->least, (p)->largest)
