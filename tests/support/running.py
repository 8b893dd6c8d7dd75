"""TFLite files on the runtimes that run them, besides this library."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mcugraph.export.tools import as_stored
from mcugraph.formats.tflite.tables import read_model

WHEEL = """
import sys
from tflite_micro.python.tflite_micro import runtime
runtime.Interpreter.from_file(sys.argv[1], arena_size=16 << 20).print_allocations()
"""


def run_tflite(path: Path, *samples: Any) -> list[np.ndarray]:
    """The results of an int8 file as floats, for inputs as the model takes them."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    details = sorted(interpreter.get_input_details(), key=lambda detail: detail["name"])
    for detail, x in zip(details, samples, strict=True):
        array = as_stored(x, len(detail["shape"])).numpy()
        scale, zero = detail["quantization"]
        array = np.clip(np.round(array / scale) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    results = []
    for detail in sorted(interpreter.get_output_details(), key=lambda detail: detail["name"]):
        scale, zero = detail["quantization"]
        value = (interpreter.get_tensor(detail["index"]).astype(np.float32) - zero) * scale
        results.append(np.moveaxis(value, -1, 1) if value.ndim == 4 else value)
    return results


def _in_integers(path: Path, count: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """What LiteRT's and TFLM's kernels make of the same random int8 inputs with a file."""
    from ai_edge_litert.interpreter import Interpreter
    from tflite_micro.python.tflite_micro import runtime

    lite = Interpreter(str(path))
    lite.allocate_tensors()
    micro = runtime.Interpreter.from_file(str(path), arena_size=16 << 20)
    (given,), (result,) = lite.get_input_details(), lite.get_output_details()
    random, found = np.random.default_rng(0), []
    for _ in range(count):
        x = random.integers(-128, 128, given["shape"], np.int8)
        lite.set_tensor(given["index"], x)
        lite.invoke()
        micro.set_input(x, 0)
        micro.invoke()
        found.append((lite.get_tensor(result["index"]), micro.get_output(0)))
    first, second = zip(*found, strict=True)
    return np.stack(first), np.stack(second)


def check_kernels_agree(path: Path) -> None:
    """TFLM makes what LiteRT makes of a file, but for two steps of the result's scale."""
    lite, micro = _in_integers(path)
    assert np.abs(lite.astype(int) - micro.astype(int)).max() <= 2


def check_runs(model: Any, data: Any, path: Path) -> None:
    """The kernels of TFLM agree with LiteRT's on a file, and these with the module."""
    import torch

    check_kernels_agree(path)
    with torch.no_grad():
        wanted = model(data[:1]).numpy()
    (found,) = run_tflite(path, data[:1])
    assert np.abs(found - wanted).mean() < 0.02 * np.abs(wanted).max()


def tflm_head(path: Path) -> int:
    """The head of the arena that TensorFlow Lite Micro itself takes for a file, in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", WHEEL, str(path)], capture_output=True, text=True, check=True
    )
    (head,) = re.findall(r"Arena allocation head (\d+) bytes", done.stdout + done.stderr)
    return int(head)


def tflm_outputs(data: bytes, count: int = 3) -> list[bytes]:
    """What TFLM makes of random inputs."""
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(data, arena_size=1 << 20)
    main = read_model(data).subgraphs[0]
    ends = len(main.inputs), len(main.outputs)
    return [_called(interpreter, np.random.default_rng(seed), *ends) for seed in range(count)]


def _called(interpreter: Any, random: np.random.Generator, takes: int, gives: int) -> bytes:
    for i in range(takes):
        detail = interpreter.get_input_details(i)
        kind = np.dtype(detail["dtype"])
        if kind.kind == "f":
            value = random.normal(size=detail["shape"])
        else:
            limits = np.iinfo(kind)
            value = random.integers(limits.min, limits.max, detail["shape"], endpoint=True)
        interpreter.set_input(value.astype(kind), i)
    interpreter.invoke()
    outputs = [np.ascontiguousarray(interpreter.get_output(i)) for i in range(gives)]
    return b"".join(output.tobytes() for output in outputs)


def _litert(data: bytes, reference: bool = True) -> Any:
    """An interpreter of LiteRT's with its reference kernels, or as it is by default: XNNPACK."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=data,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF
        if reference
        else OpResolverType.AUTO,
    )
    interpreter.allocate_tensors()
    return interpreter


def litert_answers(data: bytes, inputs: Sequence[Sequence[Any]], reference: bool = True) -> bytes:
    """What LiteRT makes of inputs: the bytes of all outputs.

    Args:
        data: The model.
        inputs: Of each inference.
        reference: By its reference kernels; else as it runs by default, with XNNPACK.
    """
    interpreter, found = _litert(data, reference), []
    places = [tensor["index"] for tensor in interpreter.get_input_details()]
    for given in inputs:
        for place, value in zip(places, given, strict=True):
            interpreter.set_tensor(place, value)
        interpreter.invoke()
        results = interpreter.get_output_details()
        found += [interpreter.get_tensor(result["index"]).tobytes() for result in results]
    return b"".join(found)


def litert_outputs(data: bytes, count: int = 3) -> list[bytes]:
    """What LiteRT's reference kernels make of random inputs."""
    interpreter = _litert(data)
    (given_,), (result,) = interpreter.get_input_details(), interpreter.get_output_details()
    found = []
    for seed in range(count):
        random = np.random.default_rng(seed)
        kind = np.dtype(given_["dtype"])
        value = random.normal(size=given_["shape"]) * (1 if kind.kind == "f" else 60)
        interpreter.set_tensor(given_["index"], value.astype(kind))
        interpreter.invoke()
        found.append(bytes(interpreter.get_tensor(result["index"]).tobytes()))
    return found
