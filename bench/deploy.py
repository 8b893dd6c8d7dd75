"""What generated C code takes on an emulated microcontroller, beside TFLM, as a Markdown table.

    python bench/deploy.py [FILE ...]

Each file is deployed, built for a Cortex-M4 in several ways and run once on random inputs in QEMU:
bytes of flash and SRAM, and instructions, which QEMU counts (``-icount``) and which are no time.
TFLM's SRAM is head and tail by `profile`, its flash the file and an estimate of the code by the
model's kernels (those of the reference), as `check` has it; its instructions, of its sources of
August 2026 built for the same machine, were measured elsewhere and stand here as they were given.
"""

import argparse
import os
import tempfile
from pathlib import Path

import mcugraph as mg
from mcugraph.fit.tflm_code import estimated_code

MODELS = Path(__file__).resolve().parents[2] / "shared" / "models" / "tflite"
NAMES = (
    "mlperftiny_kws_ref_model",
    "tflm_person_detect",
    "mlperftiny_vww_96_int8",
    "mlperftiny_ad01_int8",
)
BUILDS = {
    "-O2, DSP": "-O2",
    "-Os, DSP": "-Os",
    "-O2, portable": "-O2 -U__ARM_FEATURE_DSP",
    "-Os, portable": "-Os -U__ARM_FEATURE_DSP",
}
# Millions of instructions: reference kernels, CMSIS-NN.
GIVEN = dict(zip(NAMES, ((198.6, 7.70), (525.8, 22.93), (552.4, 24.10), (1.95, 0.58)), strict=True))


def rows(path: Path, folder: Path) -> list[str]:
    """The lines of one model."""
    found = []
    for name, flags in BUILDS.items():
        os.environ["CFLAGS"] = flags
        project = mg.deploy(path, folder / f"{path.stem}{len(found)}", target="cortex-m4")
        project.build()
        done = project.run()
        sram = project.report["sram"]
        cells = (
            f"{project.flash:,}",
            f"{sram['bss'] + sram['data']:,}",
            f"{done.stack:,}",
            f"{done.instructions / 1e6:.2f}",
        )
        found.append(f"| {path.stem} | {name} | {' | '.join(cells)} |")
    for kernels, given in zip(("reference", "cmsis-nn"), GIVEN.get(path.stem, ()), strict=False):
        profile = mg.profile(path, kernels=kernels)
        memory, flash = profile.memory, path.stat().st_size + estimated_code(profile)
        total = (memory.tflm_arena or 0) + (memory.tflm_persistent or 0)
        found.append(
            f"| {path.stem} | TFLM, {kernels} | about {flash:,} | {total:,} | | {given:.2f} |"
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path)
    files = parser.parse_args().files or [MODELS / f"{name}.tflite" for name in NAMES]
    print("| model | build | flash (B) | SRAM (B) | stack (B) | million instructions |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for path in files:
            print("\n".join(rows(path, Path(folder))), flush=True)


if __name__ == "__main__":
    main()
