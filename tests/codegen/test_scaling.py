"""How the runtime scales sums: against the numbers that TFLM and LiteRT compute with."""

import subprocess
from pathlib import Path

import numpy as np
from support.deployed import COMPILER, needs_compiler

import mcugraph as mg
from mcugraph.codegen.kernels.fixed_point import multiplier

pytestmark = needs_compiler
_PROGRAM = """\
#include <stdio.h>
#include "mg_common.h"
int main(void)
{
    int x, m, shift;
    while (scanf("%d %d %d", &x, &m, &shift) == 3) {
        printf("%d\\n", (int)mg_scale(x, m, shift));
    }
    return 0;
}
"""


def test_one_rounding_is_that_of_a_product_in_single_precision(tmp_path: Path) -> None:
    """Next to halves most of all, and where a sum has more bits than such a number."""
    random = np.random.default_rng(0)
    factors = np.exp2(random.uniform(-14, 1, 400)).astype(np.float32)
    factors[:100] = np.exp2(np.rint(np.log2(factors[:100]))).astype(np.float32)  # halves are met
    halves = random.integers(-128, 128, (400, 20)) + 0.5
    x = np.rint(halves / factors[:, None]) + random.integers(-1, 2, halves.shape)
    large = np.clip(factors, None, 2.0**-18).astype(np.float32)
    x[300:] = np.rint(halves[300:] / large[300:, None])
    factors[300:] = large[300:]
    x = x.astype(np.int32)
    assert (np.abs(x) > 1 << 24).any()
    wanted = np.rint(x.astype(np.float32) * factors[:, None]).astype(int)
    rows = [(n, *multiplier(float(f))) for line, f in zip(x, factors, strict=True) for n in line]
    (tmp_path / "main.c").write_text(_PROGRAM)
    (tmp_path / "mg_config.h").write_text("#define MG_SINGLE_ROUNDING 1\n")
    runtime = Path(mg.__file__).parent / "codegen" / "runtime"
    command = [COMPILER or "cc", "-std=c99", "-fsanitize=undefined", "-fno-sanitize-recover=all"]
    subprocess.run([*command, f"-I{tmp_path}", f"-I{runtime}", "main.c", "-o", "main"],
                   cwd=tmp_path, check=True)  # fmt: skip
    given = "\n".join(" ".join(map(str, row)) for row in rows)
    done = subprocess.run(
        [tmp_path / "main"], input=given, capture_output=True, text=True, check=True
    )
    found = np.array(done.stdout.split(), int).reshape(wanted.shape)
    assert np.array_equal(found, wanted)
