/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_CMSIS_POOL_S8_H
#define MG_CMSIS_POOL_S8_H

#include "mg_common.h"

typedef struct {
    int32_t batches;
    int32_t input_height, input_width, input_channels;
    int32_t output_height, output_width, output_channels;
    int32_t window_height, window_width;
    int32_t stride_y, stride_x;
    int32_t pad_top, pad_left;
    int32_t scratch;
    int32_t least, largest;
} mg_cmsis_pool_s8_params;

/* arm_avgpool_s8 and arm_max_pool_s8 of CMSIS-NN. */
void mg_cmsis_average_pool_s8(const mg_cmsis_pool_s8_params *p, const int8_t *input, int8_t *output,
                              void *scratch);
void mg_cmsis_max_pool_s8(const mg_cmsis_pool_s8_params *p, const int8_t *input, int8_t *output,
                          void *scratch);

#endif
