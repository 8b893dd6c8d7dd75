"""What other tools say of the same model files, side by side, as Markdown tables.

Each tool is left out where it is not given or not installed. A tool that fails on a file shows
``-`` and its error below the table. See README.md in this folder for how to install them.
"""

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

SECONDS = 120

TFLM = """
import sys
from tflite_micro.python.tflite_micro import runtime
runtime.Interpreter.from_file(sys.argv[1], arena_size=256 << 20).print_allocations()
"""

TFLITE_TOOLS = """
import json, sys
sys.path.insert(0, sys.argv[2])
from tflite_tools import TFLiteModel
steps = TFLiteModel.load_from_file(sys.argv[1])._execution_schedule_info(calc_macs=True)
print(json.dumps([int(max(s[2] for s in steps)), int(sum(s[3] for s in steps))]))
"""

ONNX_TOOL = """
import json, sys
import onnx_tool
graph = onnx_tool.Model(sys.argv[1]).graph
graph.shape_infer(None)
graph.profile()
print(json.dumps([None, int(graph.macs[0])]))
"""

OURS = """
import json, sys
import mcugraph as mg
p = mg.profile(sys.argv[1])
print(json.dumps([p.memory.tflm_arena, p.macs]))
"""

Answer = tuple[int | None, int | None]  # bytes of activations, MACs


class Failed(Exception):
    """A tool did not answer; the message is the last line that it wrote."""


def run(*command: str, path: str | None = None) -> str:
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    if path is not None:
        environment["PATH"] = path
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"no answer in {SECONDS} s") from None
    if done.returncode not in (0, 1) or not done.stdout + done.stderr:
        raise Failed(last_line(done.stderr or done.stdout, done.returncode))
    if done.returncode == 1 and "Traceback" in done.stderr:
        raise Failed(last_line(done.stderr, 1))
    return done.stdout + done.stderr


def last_line(text: str, code: int) -> str:
    lines = [line.strip(" │╭╰─╮╯") for line in text.splitlines()]
    lines = [line for line in lines if line]
    return lines[-1][:160] if lines else f"exit code {code}"


def asked(script: str, *arguments: str, python: str = sys.executable) -> Answer:
    text = run(python, "-W", "ignore", "-c", script, *arguments)
    try:
        memory, macs = json.loads(text.strip().splitlines()[-1])
    except ValueError:
        raise Failed(last_line(text, 0)) from None
    return memory, macs


def tflm(file: Path) -> Answer:
    text = run(sys.executable, "-c", TFLM, str(file))
    found = re.search(r"Arena allocation head (\d+) bytes", text)
    if found is None:
        raise Failed(last_line(text, 0))
    return int(found[1]), None


def mcufit(command: str, file: Path, static: bool) -> Answer:
    text = run(
        command, "check", str(file), "-b", "esp32-s3", "--json", path="/" if static else None
    )
    try:
        found = json.loads(text[text.index("{") : text.rindex("}") + 1])
    except ValueError:
        raise Failed(last_line(text, 0)) from None
    return found["estimate"]["peak_activation_bytes"], found["macs"]


def vela(command: str, file: Path) -> Answer:
    with tempfile.TemporaryDirectory() as folder:
        text = run(
            command,
            str(file),
            "--output-dir",
            folder,
            "--accelerator-config",
            "ethos-u55-128",
            "--optimise",
            "Size",
        )
        summaries = list(Path(folder).glob("*summary*.csv"))
        if not summaries:
            errors = [line for line in text.splitlines() if "rror" in line]
            raise Failed(last_line("\n".join(errors) or text, 0))
        row = next(csv.DictReader(summaries[0].open()))
        with_cpu = re.search(r"CPU operators = (\d+)", text)
        if row["cycles_npu"] == "0" and with_cpu and with_cpu[1] != "0":
            raise Failed(f"nothing runs on the accelerator, {with_cpu[1]} operators on the CPU")
        return round(float(row["sram_memory_used"]) * 1024), int(row["nn_macs"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--mcufit", metavar="PROGRAM")
    parser.add_argument("--vela", metavar="PROGRAM")
    parser.add_argument("--tflite-tools", metavar="FOLDER", help="a checkout of the repository")
    parser.add_argument("--onnx-tool", metavar="PYTHON", help="an interpreter that has onnx-tool")
    given = parser.parse_args()

    tools: dict[str, Callable[[Path], Answer]] = {
        "TFLM": tflm,
        "mcugraph": lambda file: asked(OURS, str(file)),
    }
    if given.mcufit:
        tools["mcufit, with node"] = lambda file: mcufit(given.mcufit, file, static=False)
        tools["mcufit, static"] = lambda file: mcufit(given.mcufit, file, static=True)
    if given.tflite_tools:
        tools["tflite-tools"] = lambda file: asked(TFLITE_TOOLS, str(file), given.tflite_tools)
    if given.vela:
        tools["Vela"] = lambda file: vela(given.vela, file)
    if given.onnx_tool:
        tools["onnx-tool, on the ONNX file"] = lambda file: onnx_tool(given.onnx_tool, file)

    answers: dict[tuple[str, str], Answer] = {}
    notes: list[str] = []
    for file in given.files:
        for name, ask in tools.items():
            try:
                answers[file.name, name] = ask(file)
            except Failed as failed:
                answers[file.name, name] = (None, None)
                notes.append(f"{file.name}, {name}: {failed}")
    for index, title in enumerate(("Bytes of activations", "MACs")):
        shown = [
            n for n in tools if any(answers[f.name, n][index] is not None for f in given.files)
        ]
        print(f"\n{title}\n")
        print("| file |" + "".join(f" {name} |" for name in shown))
        print("|---|" + "--:|" * len(shown))
        for file in given.files:
            values = [answers[file.name, name][index] for name in shown]
            cells = "".join(" - |" if v is None else f" {v:,} |" for v in values)
            print(f"| `{file.name}` |{cells}")
    print("\n" + "\n".join(f"- {note}" for note in notes))


def onnx_tool(python: str, file: Path) -> Answer:
    """The ONNX form of a fixture stands beside its TFLite forms."""
    name = re.sub(r"_(int8|float)$", "", file.stem)
    source = file.with_name(f"{name}.onnx")
    if file.suffix != ".onnx" and not source.exists():
        raise Failed("reads ONNX only")
    return asked(ONNX_TOOL, str(file if file.suffix == ".onnx" else source), python=python)


if __name__ == "__main__":
    main()
