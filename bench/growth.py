"""How the time of a profile grows with the number of operators, by family of networks and format.

CPU seconds of this process, the least of a few repetitions; *x* is the ratio to the line before, by
doubling: 2 is linear growth, 4 is quadratic.

    python bench/growth.py [--sizes 5000,10000,20000] [--only chain] [--formats tflite]
"""

import argparse
import tempfile
import time
import warnings
from math import log2
from pathlib import Path

from measured.growing_files import FAMILIES, Layers, write_onnx, write_tflite

import mcugraph as mg

FORMATS = {"tflite": write_tflite, "onnx": write_onnx}


def measure(path: Path, times: int) -> tuple[int, float, float]:
    """Operators, and the CPU seconds that loading and profiling them takes."""
    loads, profiles = [], []
    for _ in range(times):
        begin = time.process_time()
        graph = mg.load(path)
        between = time.process_time()
        found = mg.profile(graph).to_dict()
        loads.append(between - begin)
        profiles.append(time.process_time() - between)
    assert found["memory"]["tflm_arena"] is not None
    return len(graph.operators), min(loads), min(profiles)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="5000,10000,20000,50000", help="numbers of operators")
    parser.add_argument("--only", default="", help="families whose name contains this")
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--times", type=int, default=3, help="repetitions (default 3)")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| family | format | operators | load, s | x | profile, s | x |\n|---|---|" + "--:|" * 5)
    with tempfile.TemporaryDirectory() as folder:
        for name, family in FAMILIES.items():
            if given.only in name:
                for form in given.formats.split(","):
                    sizes = map(int, given.sizes.split(","))
                    rows(name, form, [family(size) for size in sizes], Path(folder), given.times)


def rows(name: str, form: str, networks: list[Layers], folder: Path, times: int) -> None:
    before: tuple[int, float, float] | None = None
    for layers in networks:
        path = folder / f"{name}.{form}"
        FORMATS[form](layers, path)
        count, load, profile = measure(path, times)
        growth = ["", ""]
        if before is not None:
            doublings = log2(count / before[0])
            pairs = zip((load, profile), before[1:], strict=True)
            growth = [f"{(now / then) ** (1 / doublings):.1f}" for now, then in pairs]
        print(
            f"| {name} | {form} | {count:,} | {load:.2f} | {growth[0]} | "
            f"{profile:.2f} | {growth[1]} |",
            flush=True,
        )
        before = (count, load, profile)


if __name__ == "__main__":
    main()
