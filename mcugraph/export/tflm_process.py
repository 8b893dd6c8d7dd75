"""The process in which TFLM runs one file: ``python -m mcugraph.export.tflm_process``.

A job comes in as JSON on standard input: the path of the model, the folder with one ``NAME.npy``
for each input (a row a sample, floats), and the names of inputs and outputs in the file's order.
The outputs go there, too; the last line of standard output says what TFLM allocated.
"""

import json
import os
import re
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from mcugraph.export.trial import read, stored


def _main() -> None:
    job = json.loads(sys.stdin.read())
    folder = Path(job["folder"])
    runtime: Any = import_module("tflite_micro.python.tflite_micro.runtime")
    interpreter = runtime.Interpreter.from_file(job["path"], arena_size=128 << 20)
    takes, gives = job["takes"], job["gives"]
    details = [_detail(interpreter.get_input_details(i)) for i in range(len(takes))]
    made = [_detail(interpreter.get_output_details(i)) for i in range(len(gives))]
    results: list[list[Any]] = [[] for _ in gives]
    for sample in zip(*(np.load(folder / f"{name}.npy") for name in takes), strict=True):
        for index, (value, detail) in enumerate(zip(sample, details, strict=True)):
            interpreter.set_input(stored(value, detail), index)
        interpreter.invoke()
        for index, detail in enumerate(made):
            results[index].append(read(interpreter.get_output(index), detail))
    for name, rows in zip(gives, results, strict=True):
        np.save(folder / f"{name}.npy", np.stack(rows))
    said = _printed(interpreter.print_allocations)
    figures = {part: int(_figure(part, said)) for part in ("head", "tail")}
    print(json.dumps(figures))


def _detail(given: dict[str, Any]) -> dict[str, Any]:
    """What TFLM says of an input or an output, in the words of LiteRT."""
    scales, zeros = (given["quantization_parameters"][key] for key in ("scales", "zero_points"))
    quantization = (float(scales[0]), int(zeros[0])) if len(scales) else (0.0, 0)
    return {"dtype": given["dtype"], "quantization": quantization}


def _printed(act: Any) -> str:
    """What a function of C++ writes to standard output and error."""
    with tempfile.TemporaryFile() as file:
        kept = {number: os.dup(number) for number in (1, 2)}
        for number in kept:
            os.dup2(file.fileno(), number)
        try:
            act()
        finally:
            for number, before in kept.items():
                os.dup2(before, number)
        file.seek(0)
        return file.read().decode(errors="replace")


def _figure(part: str, said: str) -> str:
    (figure,) = re.findall(rf"Arena allocation {part} (\d+) bytes", said)
    return str(figure)


if __name__ == "__main__":
    _main()
