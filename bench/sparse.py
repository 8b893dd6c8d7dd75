"""Flash and instructions of layers whose weights hold zeros, by form of storage, as a table.

    python bench/sparse.py [--core cortex-m4] [FILE ...]

Each file gets zeros among the weights of its convolutions and dense layers: shares of them,
anywhere, and patterns. It is then deployed with its weights dense and in each form, and run once in
QEMU, which counts instructions; they are no time. Outputs have to be the same bytes.
"""

import argparse
import tempfile
from pathlib import Path

from measured.made_sparse import made_sparse

import mcugraph as mg
from mcugraph.storage import Blocks, NofM

MODELS = Path(__file__).resolve().parents[1] / "fixtures" / "models"
NAMES = ("resnet_int8", "autoencoder_int8")
SPARSITIES = (0.5, 0.7, 0.8, 0.9, 0.95)
PATTERNS = (NofM(2, 4), NofM(1, 4))
BLOCKS = (Blocks(1, 4), Blocks(4, 4))
OF_PATTERNS: dict[type, tuple[str, ...]] = {NofM: ("nofm",), Blocks: ("blocks",)}
MACHINES = {"cortex-m0": "mps2-an385"}


def run(path: Path, folder: Path, core: str, storage: str) -> tuple[int, int, bytes]:
    """Bytes of weights and what tells their places, instructions, and outputs."""
    project = mg.deploy(path, folder, target=core, machine=MACHINES.get(core), storage=storage)
    done = project.run()
    return sum(each["bytes"] for each in project.report["storage"]), done.instructions, done.outputs


def rows(path: Path, kind: float | NofM | Blocks, core: str, folder: Path) -> list[str]:
    """The lines of one model with zeros of one kind."""
    model = folder / "model.tflite"
    model.write_bytes(made_sparse(path.read_bytes(), [kind]))
    name = f"{100 * kind:g} %" if isinstance(kind, float) else kind.label
    forms = ("dense", "crs", "bitmap", *OF_PATTERNS.get(type(kind), ()))
    found, wanted = [], b""
    for i, storage in enumerate(forms):
        size, instructions, outputs = run(model, folder / storage, core, storage)
        wanted = wanted or outputs
        assert outputs == wanted, f"{path}: {storage} computes something else"
        shown = (path.stem, name) if i == 0 else ("", "")
        found.append(f"| {shown[0]} | {shown[1]} | {storage} | {size:,} | {instructions:,} |")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--core", default="cortex-m4")
    options = parser.parse_args()
    files = options.files or [MODELS / f"{name}.tflite" for name in NAMES]
    print(f"| {options.core} | zeros | form | weights (B) | instructions |")
    print("|---|--:|---|--:|--:|")
    for path in files:
        for kind in (*SPARSITIES, *PATTERNS, *BLOCKS):
            with tempfile.TemporaryDirectory() as folder:
                print("\n".join(rows(path, kind, options.core, Path(folder))), flush=True)


if __name__ == "__main__":
    main()
