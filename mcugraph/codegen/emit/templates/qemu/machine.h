@{header}
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

/* @{machine}: the clock of the core's timer, and what one instruction takes of the time that QEMU's
 * `-icount shift=6` makes up. */
#define TIMER_HERTZ @{hertz}u
#define INSTRUCTION_NANOSECONDS 64u
#define TIMER_BITS 24
#define TIMER_ROUND 5u /* instructions that a new round of the counter takes */

extern volatile uint32_t timer_rounds;

/* Semihosting: requests to who runs the machine. Numbers are those of Arm's specification. */
static inline int32_t request(uint32_t number, const void *argument)
{
    register uint32_t r0 __asm__("r0") = number;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

/* Writes text to the console. */
static inline void say(const char *text)
{
    request(0x04, text); /* SYS_WRITE0 */
}

/* Ends the program with an exit code. */
static inline void stop(int code)
{
    const uint32_t how[2] = {0x20026u /* the application ended */, (uint32_t)code};
    for (;;) {
        request(0x20, how); /* SYS_EXIT_EXTENDED */
    }
}

#endif
