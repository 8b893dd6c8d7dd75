"""A module as an int8 TFLite file."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from re import escape
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from mcugraph.errors import FormatError
from mcugraph.export.activations import in_kernels
from mcugraph.export.bias_room import with_bias_room
from mcugraph.export.blocks import with_blocks_as_operators
from mcugraph.export.calibration import Joined, joined_by, samples_of, smoothed
from mcugraph.export.device_form import device_form
from mcugraph.export.exported import Exported, compare
from mcugraph.export.int8_kernels import FIXED_RANGES, SAME_SCALE, with_int8_kernels
from mcugraph.export.rounding_error import rounding_errors
from mcugraph.export.schemes import Scheme, find_scheme
from mcugraph.export.tensor_names import end_names, shorten_names, with_end_names
from mcugraph.export.tflite_objects import with_data_inside
from mcugraph.export.tools import as_stored, called, one_sample, silence, tool
from mcugraph.export.trial import SAMPLES, check_floats, check_integers, ranges_of, results_of
from mcugraph.files import check, write
from mcugraph.formats.loader import translated
from mcugraph.formats.tflite.tables import read_model
from mcugraph.formats.torch.devices import beside, on_host
from mcugraph.formats.torch.export import reason
from mcugraph.formats.torch.given import plain_module
from mcugraph.formats.torch.importer import from_torch
from mcugraph.ir import Array
from mcugraph.records import replace
from mcugraph.rewrite.floats import computed_with_floats


def export_tflite(
    model: Any,
    example_inputs: Any,
    path: str | Path,
    calibration: Iterable[Any],
    samples: int = 200,
    channels_last: bool = True,
    budgets: Mapping[str, int] | None = None,
    scheme: str = "int8",
    ranges: str = "smoothed",
) -> Exported:
    """Write a module as a TFLite file that computes with 8-bit integers.

    Weights are int8 with a scale for each channel, activations, inputs and outputs int8 with one
    scale each, biases int32, as "Quantization and Training of Neural Networks for Efficient
    Integer-Arithmetic-Only Inference" (Jacob et al., arXiv:1712.05877) has it and TensorFlow
    Lite Micro runs it. ``litert-torch`` converts, ``ai-edge-quantizer`` quantises. Batch norm is
    folded. The file is then read back and held against the prediction, and run beside the module on
    some of the calibration samples.

    Inputs of four axes are images, ``(batch, channels, height, width)`` in PyTorch. In the file
    they are ``(batch, height, width, channels)``, and so are outputs of four axes: the layout of
    TFLite's kernels, in which nothing has to be transposed on the device. Inputs of three axes that
    one-dimensional convolutions or pools slide over are series, ``(batch, channels, length)`` in
    PyTorch. In the file they are images of one row, ``(batch, 1, length, channels)``, and a note of
    the result says so: TFLite has no one-dimensional kernels, and to make images of series on the
    device takes their size in SRAM once more. Other inputs, and outputs of three axes, stay.

    Standard output and error of the process are silenced meanwhile.

    Args:
        model: A ``torch.nn.Module``; it comes back untouched, in the mode it was in.
        example_inputs: A tensor or a tuple of tensors, one for each positional input. Of a batch
            the first sample is taken: the file has the shapes of that.
        path: The file to write; its folder has to exist. It is written whole or not at all.
        calibration: Batches of training data, as a ``DataLoader`` gives them: a tensor
            ``(batch, ...)``, or a tuple that starts with one for each input, labels after them.
            The ranges of the activations are measured on them, sample by sample.
        samples: How many are measured at most: the first ones. So a loader has to shuffle data that
            lie in the order of their classes.
        channels_last: False: inputs and outputs keep the shapes of PyTorch, and the file
            transposes them.
        budgets: To hold the file against: bytes for ``"peak"``, ``"arena"`` and ``"size"``, a
            count for ``"macs"``.
        scheme: ``"int8"``, as above; ``"int8-per-tensor"``: weights have one scale a layer;
            ``"int4"``: weights of convolutions and dense layers have 4 bits, the latter one scale a
            layer, those of depthwise layers 8 bits. ``"weights-int8"`` and ``"weights-int4"``
            compute with floats, which the weights are turned into in SRAM; TFLM has no kernels for
            the latter.
        ranges: Of activations: ``"smoothed"``: averages of the extremes of samples, as
            ``ai-edge-quantizer`` takes them, which cut off what is beyond; ``"whole"``: of all
            samples. The latter keeps more accuracy where few channels or weights are left.

    Returns:
        The file's profile beside the predicted one, with what the converter added.

    Raises:
        UsageError: The ``export`` extra is not installed, the calibration data is empty or has
            another shape than the example, or the file cannot be written there.
        FormatError: PyTorch or the converter reject the model; the message quotes them. Or the
            file does not load, or computes something else than the module, or TFLM does not run
            it. Then none is written.
    """
    model, numbers = on_host(plain_module(model, "export_tflite")), find_scheme(scheme)
    join = joined_by(ranges)
    check(path)
    inputs = beside(model, one_sample(example_inputs))
    batches = samples_of(calibration, inputs, samples)
    with silence():
        converter, tables = tool("litert_torch"), tool("ai_edge_litert.schema_py_generated")
        tool("ai_edge_quantizer")
    module, taken = device_form(model, inputs, channels_last)
    name = type(model).__name__
    try:
        with silence(), TemporaryDirectory() as folder:
            converted = Path(folder, "float.tflite")
            converter.convert(in_kernels(module), taken).export(str(converted))
            plain = converted.read_bytes()
    except Exception as error:
        raise FormatError(f"{name}: litert-torch cannot convert it: {reason(error)}") from error
    plain = with_blocks_as_operators(plain, tables, tool("flatbuffers"))
    _check_whole(name, plain, module)
    plain = shorten_names(plain, model, tables, tool("flatbuffers"))
    wanted = results_of(model, batches[:SAMPLES])
    if channels_last:
        wanted = [list(map(_moved, results)) for results in wanted]
        ranks = [value.dim() for value in taken]
        batches = [tuple(map(as_stored, sample, ranks)) for sample in batches]
    tried = batches[:SAMPLES]
    check_floats(name, plain, tried, wanted)
    floats, fixed = _made_of_floats(plain), _fixed_ranges(plain)
    try:
        with silence():
            data = _quantized(plain, batches, floats, fixed, numbers, join)
            data = with_data_inside(data, tables, tool("flatbuffers"))
            if numbers.integers:
                measured = partial(_range, fixed, plain, batches, join)
                data = with_int8_kernels(data, floats, measured, tables, tool("flatbuffers"))
                data = with_bias_room(data, plain, tables, tool("flatbuffers"))
            data = with_end_names(data, tables, tool("flatbuffers"))
    except Exception as error:
        raise FormatError(
            f"{name}: ai-edge-quantizer cannot quantise it: {reason(error)}"
        ) from error
    moved = rounding_errors(module, tried, batches, numbers, join)
    check_integers(name, data, tried, wanted, moved)
    graph = from_torch(model, inputs)
    result = compare(Path(path), data, graph, numbers.precision, budgets)
    result = replace(result, notes=(*_notes_on_series(inputs, taken), *result.notes))
    if result.profile.tflm_refusals and numbers.on_tflm:
        raise FormatError(
            f"{name}: TensorFlow Lite Micro does not run it: {result.profile.tflm_refusals[0]}:"
            " write it with other operators"
        )
    write(path, data)
    return result


def _notes_on_series(inputs: Sequence[Any], taken: Sequence[Any]) -> list[str]:
    """Which inputs have more axes in the file than in the module."""
    names = end_names("input", len(inputs))
    return [
        f"{name} is {tuple(has.shape)}: a series {tuple(takes.shape)} as an image of one row,"
        " channels last"
        for name, takes, has in zip(names, inputs, taken, strict=True)
        if takes.dim() != has.dim()
    ]


def _made_of_floats(plain: bytes) -> frozenset[str]:
    """Names of the tensors of a float file that are computed with floats in the int8 one."""
    graph = translated("", plain)
    inside = computed_with_floats(graph)
    return frozenset(
        name for operator in graph.operators if operator.name in inside for name in operator.outputs
    )


def _fixed_ranges(plain: bytes) -> dict[str, tuple[float, float]]:
    """The results of a float file whose range in the int8 one is their kernel's."""
    return {
        name: FIXED_RANGES[operator.native]
        for operator in translated("", plain).operators
        if operator.native in FIXED_RANGES
        for name in operator.outputs
    }


def _range(
    fixed: Mapping[str, tuple[float, float]],
    plain: bytes,
    batches: list[tuple[Any, ...]],
    join: Joined,
    name: str,
) -> tuple[float, float]:
    return fixed[name] if name in fixed else ranges_of(plain, batches, [name], join)[name]


def _check_whole(name: str, plain: bytes, module: Any) -> None:
    """Refuse a file with parts that are called, which no int8 kernel runs.

    Raises:
        FormatError: It has such parts.
    """
    _, *parts = read_model(plain).subgraphs
    if parts:
        said = parts[0].name.removesuffix(".impl")
        raise FormatError(
            f"{name}: litert-torch writes {said!r} as a function of its own, for want of a TFLite"
            f" operator{_layers_of(said, module)}: write it with operators that TFLite has"
        )


def _layers_of(said: str, module: Any) -> str:
    """Whose pools a part is of, where pools of three axes are what it is made of."""
    if not said.startswith("STABLEHLO_REDUCE_WINDOW"):
        return ""
    stacks = [
        [entry for entry in node.meta.get("nn_module_stack", {}).values() if entry[0]]
        for node in module.graph.nodes
        if called(node).endswith("pool3d")
    ]
    layers = [f"{path} ({kind.rpartition('.')[2]})" for path, kind in (s[-1] for s in stacks if s)]
    return f" that is the pool of {', '.join(dict.fromkeys(layers))}" if layers else ""


def _quantized(
    plain: bytes,
    batches: list[tuple[Any, ...]],
    floats: Iterable[str],
    fixed: Mapping[str, tuple[float, float]],
    scheme: Scheme,
    join: Joined,
) -> bytes:
    """A float file quantised, with ranges measured on samples, but for those that are fixed.

    What makes ``floats`` goes on making them. A maximum has the range of what it is taken of.
    """
    shown = {"enable_progress_bar": False, "enable_progress_report": False}
    if not scheme.integers:
        quantizer = tool("ai_edge_quantizer.quantizer").Quantizer(bytearray(plain), scheme.recipe())
        return bytes(quantizer.quantize(**shown).quantized_model)
    interpreter = tool("ai_edge_litert.interpreter").Interpreter(model_content=plain)
    (key,) = interpreter.get_signature_list()
    names = end_names("input", len(batches[0]))
    rows = [
        {name: tensor.numpy() for name, tensor in zip(names, sample, strict=True)}
        for sample in batches
    ]
    recipe = scheme.recipe()
    recipe += [
        {"regex": f"^{escape(name)};?$", "operation": "*", "algorithm_key": "no_quantize"}
        for name in floats
    ]
    quantizer = tool("ai_edge_quantizer.quantizer").Quantizer(bytearray(plain), recipe)
    ranges = quantizer.calibrate({key: rows}, num_threads=1)
    graph = translated("", plain)
    made = {name for operator in graph.operators for name in operator.outputs} | {*graph.inputs}
    found = {} if join is smoothed else ranges_of(plain, batches, made & {*ranges}, join)
    for name, (low, high) in {**found, **fixed}.items():
        ranges[name] = {"min": np.full((1, 1), low), "max": np.full((1, 1), high)}
    for operator in graph.operators:
        if operator.native in SAME_SCALE and operator.inputs[0] in ranges:
            ranges[operator.outputs[0]] = ranges[operator.inputs[0]]
    result = quantizer.quantize(ranges, **shown)
    return bytes(result.quantized_model)


def _moved(result: Array) -> Array:
    return result.transpose(0, 2, 3, 1) if result.ndim == 4 else result
