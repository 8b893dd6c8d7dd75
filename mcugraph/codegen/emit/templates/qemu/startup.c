@{header}

/* From reset to main(). */

#include <stdint.h>

#include "machine.h"

extern uint32_t data_from, data_begin, data_end, bss_begin, bss_end, stack_top;

int main(void);

/* How often the counter of the system timer has begun anew. */
volatile uint32_t timer_rounds;

static void reset(void)
{
    const uint32_t *from = &data_from;
    uint32_t *to;
    for (to = &data_begin; to < &data_end; to++) {
        *to = *from++;
    }
    for (to = &bss_begin; to < &bss_end; to++) {
        *to = 0;
    }
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    /* CPACR: coprocessors 10 and 11, the floating-point unit, for everybody. */
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb");
#endif
    stop(main());
}

static void fault(void)
{
    say("the processor met a fault\n");
    stop(70);
}

/* TIMER_ROUND instructions, which are taken off again. */
__attribute__((naked)) static void timer(void)
{
    __asm__(".syntax unified\n\t"
            "ldr r0, =timer_rounds\n\t"
            "ldr r1, [r0]\n\t"
            "adds r1, #1\n\t"
            "str r1, [r0]\n\t"
            "bx lr");
}

/* Numbers 2 to 15 of the table; 15 is the system timer. */
__attribute__((used, section(".vectors"))) void (*const vectors[])(void) = {
    (void (*)(void))(void *)&stack_top,
    reset, fault, fault, fault, fault, fault, fault,
    fault, fault, fault, fault, fault, fault, fault, timer,
};
