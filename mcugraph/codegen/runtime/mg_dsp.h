/* SPDX-License-Identifier: 0BSD
 *
 * Part of the mcugraph runtime. Permission to use, copy, modify, and/or distribute this file for
 * any purpose with or without fee is hereby granted. It comes without any warranty.
 */
#ifndef MG_DSP_H
#define MG_DSP_H

#include "mg_common.h"

/* Two numbers of 16 bits in one word, as the DSP instructions of Cortex-M4, M7, M33 and later have
 * them. MG_EMULATED_DSP: the same in C, for tests of the code that uses them. */

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP
#define MG_DSP 1
#elif defined(MG_EMULATED_DSP)
#define MG_DSP 1
#else
#define MG_DSP 0
#endif

#if MG_DSP

/* Four bytes from anywhere. */
static inline uint32_t mg_word(const int8_t *from)
{
    uint32_t word;
    memcpy(&word, from, sizeof word);
    return word;
}

#if defined(MG_EMULATED_DSP)

static inline int32_t mg_bottom(uint32_t x)
{
    return (int16_t)(uint16_t)(x & 0xffffu);
}

static inline int32_t mg_top(uint32_t x)
{
    return (int16_t)(uint16_t)(x >> 16);
}

static inline uint32_t mg_pair(int32_t bottom, int32_t top)
{
    return ((uint32_t)bottom & 0xffffu) | (uint32_t)top << 16;
}

/* Bytes 0 and 2, widened, each added to its part of x. */
static inline uint32_t mg_even_plus(uint32_t x, uint32_t bytes)
{
    return mg_pair(mg_bottom(x) + (int8_t)(uint8_t)(bytes & 0xffu),
                   mg_top(x) + (int8_t)(uint8_t)(bytes >> 16 & 0xffu));
}

/* Bytes 1 and 3. */
static inline uint32_t mg_odd_plus(uint32_t x, uint32_t bytes)
{
    return mg_even_plus(x, bytes >> 8);
}

static inline uint32_t mg_even(uint32_t bytes)
{
    return mg_even_plus(0, bytes);
}

static inline uint32_t mg_odd(uint32_t bytes)
{
    return mg_odd_plus(0, bytes);
}

/* sum + both products. */
static inline int32_t mg_both(int32_t sum, uint32_t x, uint32_t y)
{
    return mg_plus(mg_plus(sum, mg_bottom(x) * mg_bottom(y)), mg_top(x) * mg_top(y));
}

/* sum + the product of the lower halves. */
static inline int32_t mg_lower(int32_t sum, uint32_t x, uint32_t y)
{
    return mg_plus(sum, mg_bottom(x) * mg_bottom(y));
}

/* sum + the product of the upper halves. */
static inline int32_t mg_upper(int32_t sum, uint32_t x, uint32_t y)
{
    return mg_plus(sum, mg_top(x) * mg_top(y));
}

/* Two words that lie side by side. */
static inline const uint32_t *mg_load_two(const uint32_t *from, uint32_t *first, uint32_t *second)
{
    *first = from[0];
    *second = from[1];
    return from + 2;
}

#else

static inline uint32_t mg_even_plus(uint32_t x, uint32_t bytes)
{
    uint32_t found;
    __asm__("sxtab16 %0, %1, %2" : "=r"(found) : "r"(x), "r"(bytes));
    return found;
}

static inline uint32_t mg_odd_plus(uint32_t x, uint32_t bytes)
{
    uint32_t found;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(found) : "r"(x), "r"(bytes));
    return found;
}

static inline uint32_t mg_even(uint32_t bytes)
{
    uint32_t found;
    __asm__("sxtb16 %0, %1" : "=r"(found) : "r"(bytes));
    return found;
}

static inline uint32_t mg_odd(uint32_t bytes)
{
    uint32_t found;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(found) : "r"(bytes));
    return found;
}

static inline int32_t mg_both(int32_t sum, uint32_t x, uint32_t y)
{
    __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(x), "r"(y));
    return sum;
}

static inline int32_t mg_lower(int32_t sum, uint32_t x, uint32_t y)
{
    __asm__("smlabb %0, %1, %2, %0" : "+r"(sum) : "r"(x), "r"(y));
    return sum;
}

static inline int32_t mg_upper(int32_t sum, uint32_t x, uint32_t y)
{
    __asm__("smlatt %0, %1, %2, %0" : "+r"(sum) : "r"(x), "r"(y));
    return sum;
}

static inline const uint32_t *mg_load_two(const uint32_t *from, uint32_t *first, uint32_t *second)
{
    __asm__("ldrd %0, %1, [%2], #8"
            : "=&r"(*first), "=&r"(*second), "+&r"(from)
            :
            : "memory");
    return from;
}

#endif
#endif
#endif
