/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#include "mg_fully_connected_s8.h"

#include "mg_dsp.h"

static int8_t finished(const mg_fully_connected_s8_params *p, int32_t sum, int32_t unit)
{
    const int32_t scale = unit * p->per_unit;
    sum = mg_plus(mg_scale(sum, p->multipliers[scale], p->shifts[scale]), p->output_zero);
    return (int8_t)mg_clamp(sum, p->least, p->largest);
}

/* Two units from one on, or the last one alone. */
static inline int32_t some_units(const mg_fully_connected_s8_params *p, const int8_t *input,
                                 int32_t unit, int8_t *output)
{
    const int32_t next = unit + 1 < p->units;
    const int8_t *first = p->weights + unit * p->depth, *second = first + next * p->depth;
    int32_t a = p->bias[unit], b = p->bias[unit + next], left = p->depth;
#if MG_DSP
    for (; left >= 4; left -= 4) {
        const uint32_t word = mg_word(input), even = mg_even(word), odd = mg_odd(word);
        const uint32_t by_first = mg_word(first), by_second = mg_word(second);
        a = mg_both(a, even, mg_even(by_first));
        b = mg_both(b, even, mg_even(by_second));
        a = mg_both(a, odd, mg_odd(by_first));
        b = mg_both(b, odd, mg_odd(by_second));
        input += 4;
        first += 4;
        second += 4;
    }
#endif
    for (; left > 0; left--) {
        const int32_t x = *input++;
        a = mg_plus(a, x * *first++);
        b = mg_plus(b, x * *second++);
    }
    output[unit] = finished(p, a, unit);
    if (next) {
        output[unit + 1] = finished(p, b, unit + 1);
    }
    return unit + 2;
}

void mg_fully_connected_s8(const mg_fully_connected_s8_params *p, const int8_t *input,
                           int8_t *output)
{
    int32_t row, unit;
    for (row = 0; row < p->rows; row++) {
        for (unit = 0; unit < p->units;) {
            unit = some_units(p, input, unit, output);
        }
        input += p->depth;
        output += p->units;
    }
}
