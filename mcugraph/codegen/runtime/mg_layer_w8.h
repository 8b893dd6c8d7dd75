/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* What layers of floats with weights of eight bits are made of, for mg_conv_any.h and its kin: the
 * scale of the weights is the same in a whole sum, so this is multiplied by it. */

#define MG_T float
#define MG_SUFFIX w8
#define MG_WEIGHT int8_t
#define MG_SUM float
#define MG_ENDED(p, sum, channel)                                                                  \
    mg_clamp_f32((sum) * (p)->scales[channel] + ((p)->bias == NULL ? 0.0f : (p)->bias[channel]),   \
                 (p)->least, (p)->largest)
