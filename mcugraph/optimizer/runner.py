"""The process in which one runtime runs one file: ``python -m mcugraph.optimizer.runner``.

A job comes in as JSON on standard input, and a digest of the outputs of each call goes out.
"""

import json
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib import import_module
from typing import Any

CALLS = 6  # so that state has the time to show a difference


def _main() -> None:
    job = json.loads(sys.stdin.read())
    digests = {"tflm": _tflm, "litert": _litert, "ort": _ort}[job["engine"]](job)
    print(json.dumps(digests))


def _values(random: Any, shape: Sequence[int], dtype: Any, call: int) -> Any:
    """Random numbers of a type; integers that may be indices stay 0 or 1.

    Every other call gets a slope with a little noise: of noise alone many a network makes the same.
    """
    import numpy as np

    kind = np.dtype(dtype)
    if kind.kind == "c":
        return (random.standard_normal(shape) + 1j * random.standard_normal(shape)).astype(kind)
    if kind.kind == "b" or (kind.kind != "f" and kind.itemsize > 2):
        return random.integers(0, 2, shape).astype(kind)
    if kind.kind == "f":
        noise = random.standard_normal(shape)
        return (_slope(random, shape) + 0.1 * noise if call % 2 else noise).astype(kind)
    least, most = np.iinfo(kind).min, np.iinfo(kind).max
    noise = random.integers(least, most, shape, endpoint=True)
    if call % 2:
        middle, half = (least + most) / 2, (most - least) / 2
        noise = middle + half * _slope(random, shape) + 0.1 * (noise - middle)
    return np.clip(noise, least, most).astype(kind)


def _slope(random: Any, shape: Sequence[int]) -> Any:
    """Numbers about 0 that rise or fall evenly along each axis."""
    import numpy as np

    slope = np.full(shape, random.standard_normal())
    for axis, length in enumerate(shape):
        along = [1] * len(shape)
        along[axis] = length
        slope = slope + np.linspace(-1, 1, length).reshape(along) * random.standard_normal()
    return slope


def _digest(outputs: Sequence[Any]) -> str:
    import numpy as np

    total = sha256()
    for output in outputs:
        for part in output if isinstance(output, list) else [output]:
            value = np.asarray(part)
            total.update(f"{value.dtype}{value.shape}".encode())
            total.update(
                repr(value.tolist()).encode() if value.dtype == object else value.tobytes()
            )
    return total.hexdigest()


def _tflm(job: dict[str, Any]) -> list[str]:
    import numpy as np

    runtime = import_module("tflite_micro.python.tflite_micro.runtime")
    random = np.random.default_rng(job["seed"])
    interpreter = runtime.Interpreter.from_file(job["path"], arena_size=128 << 20)
    takes, gives = job["counts"]
    found = []
    for call in range(CALLS):
        for i in range(takes):
            detail = interpreter.get_input_details(i)
            interpreter.set_input(_values(random, detail["shape"], detail["dtype"], call), i)
        interpreter.invoke()
        found.append(_digest([interpreter.get_output(i) for i in range(gives)]))
    interpreter.print_allocations()
    return found


def _litert(job: dict[str, Any]) -> list[str]:
    import numpy as np

    litert = import_module("ai_edge_litert.interpreter")
    random = np.random.default_rng(job["seed"])
    interpreter = litert.Interpreter(model_path=job["path"], num_threads=1)
    interpreter.allocate_tensors()
    found = []
    for call in range(CALLS):
        for detail in interpreter.get_input_details():
            value = _values(random, detail["shape"], detail["dtype"], call)
            interpreter.set_tensor(detail["index"], value)
        interpreter.invoke()
        outputs = interpreter.get_output_details()
        found.append(_digest([interpreter.get_tensor(detail["index"]) for detail in outputs]))
    return found


def _ort(job: dict[str, Any]) -> list[str]:
    import numpy as np

    onnxruntime = import_module("onnxruntime")
    random = np.random.default_rng(job["seed"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(job["path"], options, ["CPUExecutionProvider"])
    shapes = dict(job["inputs"])
    found = []
    for call in range(CALLS):
        feed = {}
        for value in session.get_inputs():
            shape = shapes.get(value.name, [d if isinstance(d, int) else 1 for d in value.shape])
            feed[value.name] = _values(random, shape, _ORT_TYPES[value.type], call)
        found.append(_digest(session.run(None, feed)))
    return found


_ORT_TYPES = {
    f"tensor({name})": dtype
    for name, dtype in (
        ("float", "float32"),
        ("double", "float64"),
        ("float16", "float16"),
        ("bool", "bool"),
        *(
            (f"{sign}int{bits}", f"{sign}int{bits}")
            for sign in ("", "u")
            for bits in (8, 16, 32, 64)
        ),
    )
}

if __name__ == "__main__":
    _main()
