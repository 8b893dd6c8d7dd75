/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */

/* What layers of int16 are made of, for mg_conv_any.h and its kin. */

#define MG_T int16_t
#define MG_SUFFIX s16
#define MG_WEIGHT int8_t
#define MG_SUM int64_t
#define MG_ENDED(p, sum, channel) mg_ended_s16(&(p)->ending, sum, channel)
