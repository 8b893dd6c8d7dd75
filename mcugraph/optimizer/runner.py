"""The process in which one runtime runs one file: ``python -m mcugraph.optimizer.runner``.

A job comes in as JSON on standard input, and a digest of the outputs of each call goes out.
"""

import json
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib import import_module
from typing import Any

CALLS = 4  # so that state has the time to show a difference


def _main() -> None:
    job = json.loads(sys.stdin.read())
    digests = {"tflm": _tflm, "litert": _litert, "ort": _ort}[job["engine"]](job)
    print(json.dumps(digests))


def _values(random: Any, shape: Sequence[int], dtype: Any) -> Any:
    """Random numbers of a type; integers that may be indices stay 0 or 1."""
    import numpy as np

    kind = np.dtype(dtype)
    if kind.kind == "f":
        return random.standard_normal(shape).astype(kind)
    if kind.kind == "c":
        return (random.standard_normal(shape) + 1j * random.standard_normal(shape)).astype(kind)
    if kind.kind == "b" or kind.itemsize > 2:
        return random.integers(0, 2, shape).astype(kind)
    limits = np.iinfo(kind)
    return random.integers(limits.min, limits.max, shape, endpoint=True).astype(kind)


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
    for _ in range(CALLS):
        for i in range(takes):
            detail = interpreter.get_input_details(i)
            interpreter.set_input(_values(random, detail["shape"], detail["dtype"]), i)
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
    for _ in range(CALLS):
        for detail in interpreter.get_input_details():
            value = _values(random, detail["shape"], detail["dtype"])
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
    for _ in range(CALLS):
        feed = {}
        for value in session.get_inputs():
            shape = shapes.get(value.name, [d if isinstance(d, int) else 1 for d in value.shape])
            feed[value.name] = _values(random, shape, _ORT_TYPES[value.type])
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
