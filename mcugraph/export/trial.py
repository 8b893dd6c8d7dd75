"""Exported files run beside the module that they were made of, before anybody else does."""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

import numpy as np

from mcugraph.errors import FormatError
from mcugraph.export.calibration import Joined
from mcugraph.export.tensor_names import end_names
from mcugraph.export.tools import silence, tool
from mcugraph.formats.tflite.misfits import misfits
from mcugraph.formats.tflite.tables import read_model
from mcugraph.formats.torch.export import inference, reason
from mcugraph.ir import Array

SAMPLES = 16  # so many are run

# Of what rounding alone moves results by, measured with one rounding an operator; kernels round
# inside of some operators too.
_TIMES = 2.0
_STEPS = 1.0  # of the result's own scale
_FLOAT = 0.01  # of the largest result, of a file of floats: kernels approximate some functions


def results_of(model: Any, samples: Sequence[tuple[Any, ...]], **kwargs: Any) -> list[list[Array]]:
    """What a module makes of samples: for each of them a list of arrays."""
    import torch

    found = []
    with inference(model), torch.no_grad():
        for sample in samples:
            made = torch.utils._pytree.tree_leaves(model(*sample, **kwargs))
            found.append([v.detach().cpu().numpy() for v in made if isinstance(v, torch.Tensor)])
    return found


def check_floats(where: str, data: bytes, samples: Any, wanted: list[list[Array]]) -> None:
    """Hold a file of floats against what the module makes.

    Raises:
        FormatError: The file does not load, or computes something else.
    """
    _compare(where, "the converted file", _by_result(run_file(where, data, samples), wanted, where))


def check_integers(
    where: str,
    data: bytes,
    samples: Any,
    wanted: list[list[Array]],
    errors: Sequence[float],
) -> None:
    """Hold a quantised file against what the module makes.

    Args:
        where: What errors start with.
        data: The file.
        samples: Its inputs, as floats.
        wanted: What the module makes of each of them.
        errors: By how much rounding moves each result, as ``rounding_errors`` measures.

    Raises:
        FormatError: The file contradicts itself, does not load, or is farther off than rounding
            accounts for.
    """
    wrong = misfits(read_model(data))
    if wrong:
        raise FormatError(f"{where}: the quantised file contradicts itself: {wrong[0]}")
    steps: list[float] = []
    found = _by_result(run_file(where, data, samples, steps), wanted, where)
    for number, (ours, step, expected) in enumerate(zip(found, steps, errors, strict=True)):
        error, bound = _rms(*ours), _TIMES * expected + _STEPS * step + 1e-6
        if not error <= bound:
            raise FormatError(
                f"{where}: the quantised file computes something else: result {number} is off by"
                f" {error:.3g} (root mean square), and rounding to 8 bits accounts for"
                f" {bound:.3g} at most"
            )


def check_onnx(
    model: Any,
    data: bytes,
    inputs: Sequence[Any],
    kwargs: Mapping[str, Any],
    wanted: list[Array],
) -> None:
    """Hold an ONNX file against what the module makes, where onnxruntime is installed.

    Raises:
        FormatError: The file does not load, or computes something else.
    """
    try:
        onnxruntime: Any = import_module("onnxruntime")
    except ImportError:
        return
    where = type(model).__name__
    given = {f"{i}": value for i, value in enumerate(inputs)} | dict(kwargs)
    with suppress(TypeError, ValueError):
        bound = inspect.signature(model.forward).bind(*inputs, **kwargs).arguments
        given = bound if all(isinstance(v, type(inputs[0])) for v in bound.values()) else given
    try:
        with silence():
            session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
            names = [entry.name for entry in session.get_inputs()]
            # An input that nothing reads may be missing in the file.
            values = [given[n] for n in names] if set(names) <= set(given) else given.values()
            arrays = [value.detach().cpu().numpy() for value in values]
            found = session.run(None, dict(zip(names, arrays, strict=True)))
    except Exception as error:
        raise FormatError(f"{where}: onnxruntime does not run the file: {reason(error)}") from error
    _compare(where, "the file", _by_result([found], [wanted], where))


def _compare(where: str, what: str, results: Sequence[tuple[Array, Array]]) -> None:
    """Hold floats of a file against those of a module.

    Raises:
        FormatError: They differ by more than kernels do.
    """
    for number, (found, wanted) in enumerate(results):
        off, scale = _rms(found, wanted), float(np.abs(wanted).max(initial=0.0))
        if not off <= _FLOAT * scale + 1e-6:
            raise FormatError(
                f"{where}: {what} computes something else: result {number} is off by {off:.3g}"
                f" (root mean square), and the largest is {scale:.3g}"
            )


def _rms(found: Array, wanted: Array) -> float:
    difference = found.astype(np.float64) - wanted.astype(np.float64)
    return float(np.sqrt(np.mean(np.square(difference)))) if difference.size else 0.0


def _by_result(
    found: list[list[Array]], wanted: list[list[Array]], where: str
) -> list[tuple[Array, Array]]:
    """Each result, of all samples together: (the file's, the module's).

    Raises:
        FormatError: There are others, or they have other shapes.
    """
    shapes = [[entry.shape for entry in results] for results in (found[0], wanted[0])]
    if shapes[0] != shapes[1]:
        raise FormatError(
            f"{where}: the file's results have shapes {shapes[0]}, the module's {shapes[1]}"
        )
    return [
        (np.stack([a[i] for a in found]), np.stack([b[i] for b in wanted]))
        for i in range(len(found[0]))
    ]


def _interpreter(data: bytes) -> Any:
    """LiteRT with a file, ready to run.

    XNNPACK, which computes what it can, takes the whole file down where it does not like one of its
    operators: scales far apart behind a layer that makes zeros only, or windows of one element.
    LiteRT's own kernels, which are TFLM's too, run these.
    """
    litert = tool("ai_edge_litert.interpreter")
    try:
        interpreter = litert.Interpreter(model_content=data)
        interpreter.allocate_tensors()
    except RuntimeError as error:
        if "XNNPACK" not in str(error):
            raise
        plain = litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        interpreter = litert.Interpreter(model_content=data, experimental_op_resolver_type=plain)
        interpreter.allocate_tensors()
    return interpreter


def run_file(
    where: str, data: bytes, samples: Sequence[tuple[Any, ...]], steps: list[float] | None = None
) -> list[list[Array]]:
    """What LiteRT makes of samples with a file, as floats; ``steps`` gets the results' scales.

    Samples are tensors in the layout of the file, one for each input of the module, in its order.

    Raises:
        FormatError: It does not load or run the file.
    """
    try:
        with silence():
            interpreter = _interpreter(data)
            inputs = _ordered(interpreter.get_input_details(), "input")
            outputs = _ordered(interpreter.get_output_details(), "output")
            found = []
            for sample in samples:
                for detail, value in zip(inputs, sample, strict=True):
                    interpreter.set_tensor(detail["index"], stored(value.numpy(), detail))
                interpreter.invoke()
                found.append([read(interpreter.get_tensor(d["index"]), d) for d in outputs])
    except Exception as error:
        raise FormatError(f"{where}: LiteRT does not run the file: {reason(error)}") from error
    if steps is not None:
        steps += [float(detail["quantization"][0]) for detail in outputs]
    return found


def ranges_of(
    data: bytes, samples: Sequence[tuple[Any, ...]], names: Iterable[str], join: Joined
) -> dict[str, tuple[float, float]]:
    """The least and the largest value that tensors of a file of floats take with samples.

    Args:
        data: The file.
        samples: Its inputs.
        names: Of the tensors; what the file does not have is left out.
        join: Makes one range of those of samples.
    """
    interpreter = tool("ai_edge_litert.interpreter").Interpreter(
        model_content=data, experimental_preserve_all_tensors=True
    )
    interpreter.allocate_tensors()
    inputs = _ordered(interpreter.get_input_details(), "input")
    wanted, found = set(names), dict[str, tuple[float, float]]()
    places = {
        detail["name"]: detail["index"]
        for detail in interpreter.get_tensor_details()
        if detail["name"] in wanted
    }
    for sample in samples:
        for detail, value in zip(inputs, sample, strict=True):
            interpreter.set_tensor(detail["index"], value.numpy())
        interpreter.invoke()
        for name, index in places.items():
            values = interpreter.get_tensor(index)
            found[name] = join(found.get(name), (float(values.min()), float(values.max())))
    return found


def _ordered(details: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    named = {detail["name"]: detail for detail in details}
    return [named[name] for name in end_names(kind, len(details))]


def stored(value: Array, detail: Mapping[str, Any]) -> Array:
    """A value as a file takes it; ``detail`` is what LiteRT says of the input."""
    scale, zero = detail["quantization"]
    kind = detail["dtype"]
    if not scale:
        return value.astype(kind)
    limits = np.iinfo(kind)
    whole = np.round(value / scale) + zero
    return np.asarray(np.clip(whole, limits.min, limits.max).astype(kind))


def read(value: Array, detail: Mapping[str, Any]) -> Array:
    """What a file's value stands for; ``detail`` is what LiteRT says of the output."""
    scale, zero = detail["quantization"]
    return np.asarray((value.astype(np.float32) - zero) * scale if scale else value)
