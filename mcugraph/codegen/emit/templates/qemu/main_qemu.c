@{header}

/* Reads the bytes of all inputs from a file, one inference after another, and writes the bytes of all
 * outputs to another; the command line names both. Then says how many instructions an inference took
 * on average, and how many bytes of stack. */

#include <stdint.h>

#include "@{prefix}.h"
#include "machine.h"
#include "runtime/mg_common.h"
@{arena}
#define PAINT 0xA5A5A5A5u
#define WORDS 3 /* of the command line */

extern uint32_t stack_limit; /* the least address that the stack may reach */

static int32_t opened(const char *path, uint32_t mode)
{
    uint32_t length = 0, argument[3];
    while (path[length]) {
        length++;
    }
    argument[0] = (uint32_t)path;
    argument[1] = mode;
    argument[2] = length;
    return request(0x01, argument); /* SYS_OPEN */
}

/* Bytes that were not read (6, SYS_READ) or not written (5, SYS_WRITE). */
static uint32_t left(uint32_t number, int32_t file, const void *bytes, uint32_t count)
{
    const uint32_t argument[3] = {(uint32_t)file, (uint32_t)bytes, count};
    return (uint32_t)request(number, argument);
}

#define UNREAD(file, to, count) left(6, file, to, count)
#define UNWRITTEN(file, from, count) left(5, file, from, count)

static void say_number(const char *what, uint64_t number)
{
    char text[24];
    int at = sizeof text - 1;
    text[at] = 0;
    text[--at] = '\n';
    do {
        text[--at] = (char)('0' + (int)(number % 10));
        number /= 10;
    } while (number);
    say(what);
    say(text + at);
}

/* Splits the command line at spaces; how many words there were. */
static int split(char *text, char **words)
{
    int count = 0;
    while (*text) {
        while (*text == ' ') {
            *text++ = 0;
        }
        if (*text) {
            if (count < WORDS) {
                words[count] = text;
            }
            count++;
        }
        while (*text && *text != ' ') {
            text++;
        }
    }
    return count;
}

/* Bytes of stack that one inference takes: all of it is painted before. */
static __attribute__((noinline)) uint32_t stack_used(void)
{
    volatile uint32_t *word;
    uint32_t *top;
    __asm__ volatile("mov %0, sp" : "=r"(top));
    for (word = &stack_limit; word < top; word++) {
        *word = PAINT;
    }
    @{prefix}_invoke();
    for (word = &stack_limit; word < top && *word == PAINT; word++) {
    }
    return (uint32_t)((char *)top - (char *)word);
}

#define TIMER_CONTROL (*(volatile uint32_t *)0xE000E010u)
#define TIMER_RELOAD (*(volatile uint32_t *)0xE000E014u)
#define TIMER_VALUE (*(volatile uint32_t *)0xE000E018u)
#define PENDING (*(volatile uint32_t *)0xE000ED04u) /* interrupts */
#define TIMER_PENDING (1u << 26)
#define TIMER_NOT_PENDING (1u << 25)

/* Instructions of one inference, whose result is in *code, with the few that count them. The timer
 * counts down, and begins a new round after 0. */
static uint64_t instructions(int *code)
{
    uint32_t before, after;
    uint64_t ticks, counting;
    timer_rounds = 0;
    TIMER_RELOAD = (1u << TIMER_BITS) - 1;
    TIMER_VALUE = 0;
    TIMER_CONTROL = 7; /* on, with an interrupt, by the core's clock */
    do {
        before = TIMER_VALUE;
    } while (before == 0);
    *code = @{prefix}_invoke();
    __asm__ volatile("cpsid i" ::: "memory");
    after = TIMER_VALUE;
    ticks = timer_rounds;
    counting = ticks * TIMER_ROUND;
    if (PENDING & TIMER_PENDING) {
        after = TIMER_VALUE;
        ticks++;
    }
    TIMER_CONTROL = 0;
    PENDING = TIMER_NOT_PENDING;
    __asm__ volatile("cpsie i" ::: "memory");
    ticks = (ticks << TIMER_BITS) + before - after;
    return ticks * (1000000000u / INSTRUCTION_NANOSECONDS) / TIMER_HERTZ - counting;
}

int main(void)
{
    static char line[256];
    const uint32_t place[2] = {(uint32_t)line, sizeof line};
    char *words[WORDS];
    uint64_t sum = 0;
    uint32_t count = 0, rest, stack;
    int32_t in, out;
    int code = 0;
    if (request(0x15, place) != 0 || split(line, words) != WORDS) { /* SYS_GET_CMDLINE */
        say("give a name and two files: what holds the inputs, and what gets the outputs\n");
        return 64;
    }
    in = opened(words[1], 1);  /* rb */
    out = opened(words[2], 5); /* wb */
    if (in < 0 || out < 0) {
        say("a file cannot be opened\n");
        return 66;
    }
    stack = stack_used();
@{reset}
    for (;;) {
@{inputs}
        sum += instructions(&code);
        if (code != 0) {
            return 65;
        }
        count++;
@{outputs}
    }
done:
    say_number("inferences ", count);
    say_number("instructions ", count ? sum / count : 0);
    say_number("stack ", stack);
    return 0;
}
