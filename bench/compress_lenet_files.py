"""The weights that ``compress_lenet.py train`` keeps, as int8 files, and deployed.

    python bench/compress_lenet_files.py mnist.npz lenet.zip files.jsonl
    python bench/compress_lenet_files.py mnist.npz lenet.zip run.jsonl --run cortex-m0,cortex-m4 \
        --only "0/channels, l1/0.01/rounded"

For each: accuracy with floats and of the int8 file in LiteRT, flash and SRAM of both as deployed;
with ``--run``, instructions of an inference in QEMU and the bytes of all tables in the ELF file,
which have to be those predicted. A line of JSON each; what is there already is left out.
"""

import argparse
import json
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import torch
from compress_parts.mnist import EXAMPLE, loaded, unpacked
from compress_parts.networks import Lenet

import mcugraph as mg
from mcugraph.codegen.cores import roomiest
from mcugraph.codegen.elf import read_elf
from mcugraph.compress import DeployedCosts, Training, quantise
from mcugraph.errors import ToolError
from mcugraph.experiments.batches import Batches


def lenet_of(state: dict[str, torch.Tensor]) -> torch.nn.Module:
    """LeNet of the widths that a state has."""
    model = Lenet()
    for name, layer in list(model.named_children()):
        outputs, inputs = state[f"{name}.weight"].shape[:2]
        if isinstance(layer, torch.nn.Conv2d):
            setattr(model, name, torch.nn.Conv2d(inputs, outputs, 3))
        else:
            setattr(model, name, torch.nn.Linear(inputs, outputs))
    model.load_state_dict(state)
    return model.eval()


def costs(found: DeployedCosts | None) -> dict[str, Any] | None:
    if found is None:
        return None
    forms = [each.form for each in found.layers]
    return {"flash": found.flash, "sram": found.sram, "macs": found.macs, "forms": forms}


def run(model: Any, folder: Path, core: str) -> dict[str, Any]:
    """Built and run, all its tables held against what was predicted."""
    inputs = None if isinstance(model, Path) else EXAMPLE
    project = mg.deploy(model, folder, core, machine=roomiest(core), example_inputs=inputs)
    found = dict.fromkeys(project.tables, 0)
    try:
        done = project.run(timeout=None)
    except ToolError as error:
        return {"error": str(error)[:200]}
    for name, size in read_elf(folder / "model.elf").constants.items():
        role = name.rpartition("_")[2]
        if role in found:
            found[role] += size
    assert found == project.tables, (found, project.tables)
    return {
        "instructions": done.instructions,
        "flash": project.flash,
        "code": project.code,
        "tables": sum(found.values()),
        "arena": project.arena,
        "stack": done.stack,
    }


def measured(
    state: dict[str, torch.Tensor], data: Path, tested: int, cores: list[str]
) -> dict[str, Any]:
    x, y, x_test, y_test = loaded(str(data), "cpu", 2000, tested)
    training = Training(Batches((x, y), 100, 0), Batches((x_test, y_test), 1000), epochs=0)
    model = lenet_of(state)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.tflite")
        result = quantise(model, EXAMPLE, training, "int8", path=path)
        return {
            "scores": dict(result.scores),
            "left": result.parameters[1],
            "floats": costs(result.before),
            "int8": costs(result.after),
            "file": path.stat().st_size,
            "run": {
                f"{core}, {name}": run(given, Path(folder, f"{core}-{name}"), core)
                for core in cores
                for name, given in (("floats", model), ("int8", path))
            },
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tested", type=int, default=10_000)
    parser.add_argument("--only", default="", help="names, or what they begin with, by semicolons")
    parser.add_argument("--run", default="", help="cores, by commas")
    given = parser.parse_args()
    torch.set_num_threads(1)
    cores = [core for core in given.run.split(",") if core]
    known = given.out.read_text().splitlines() if given.out.exists() else []
    done = {json.loads(line)["name"] for line in known}
    with zipfile.ZipFile(given.weights) as file:
        for entry in file.namelist():
            name = entry.removesuffix(".npz")
            if name in done or not name.startswith(tuple(given.only.split(";"))):
                continue
            begun = time.process_time()
            line = measured(unpacked(file.read(entry)), given.data, given.tested, cores)
            line = {"name": name, **line, "cpu": time.process_time() - begun}
            with given.out.open("a") as stream:
                stream.write(json.dumps(line) + "\n")
            print(name, line["scores"], line["int8"], f"{line['cpu']:.0f} s", flush=True)


if __name__ == "__main__":
    main()
