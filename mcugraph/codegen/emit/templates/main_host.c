@{header}

/* Reads the bytes of all inputs from standard input, one inference after another, and writes the
 * bytes of all outputs to standard output. */

#include <stdio.h>

#include "@{prefix}.h"
#include "runtime/mg_common.h"
@{arena}
int main(void)
{
    size_t got;
    for (;;) {
@{inputs}
        if (@{prefix}_invoke() != 0) {
            return 1;
        }
@{outputs}
        if (fflush(stdout) != 0) {
            return 1;
        }
    }
}
