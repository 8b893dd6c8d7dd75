"""Activations that a converter would take apart, in operators that TFLM has kernels for.

Left to itself the converter writes ELU, SELU, CELU, Softplus and Mish with SELECT, which TFLM does
not have, with exponentials between tensors of 8 bits. TFLM has an int8 ELU, by a table, and so has
everything that an ELU can be scaled to. It has none of Softplus, EXP or LOG: these are an island of
floats, ``log(sigmoid(abs(x)))``, which overflows nowhere. ``mcugraph.rewrite.spelling`` foresees
what is written here.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from mcugraph.export.tflite_objects import packed, unpacked
from mcugraph.export.tools import called, tool
from mcugraph.rewrite.spelling import SELU_SCALE

# What blocks are called that stand for one operator on their way through the converter.
_BLOCK = "mcugraph."

_SELU_ALPHA = 1.6732632423543772


def in_kernels(module: Any) -> Any:
    """A copy of a ``torch.fx.GraphModule`` whose activations are such that TFLM runs them.

    Operators that the converter knows no way to, or would fuse twice, stand in it as blocks that
    it keeps whole: `with_blocks_as_operators` is to follow.
    """
    own = copy.deepcopy(module)
    for node in list(own.graph.nodes):
        written = _WRITTEN.get(called(node).removesuffix("_"))
        if written is not None:
            node.target, node.args, node.kwargs = _channels_last(written), _settings(node), {}
    own.recompile()
    return own


def with_blocks_as_operators(data: bytes, schema: Any, flatbuffers: Any) -> bytes:
    """A converted file whose blocks are the operators that they stand for.

    Args:
        data: The file.
        schema: The classes of TFLite's schema, with its object interface.
        flatbuffers: The package that writes them.
    """
    file = unpacked(data, schema)
    main, codes = file.subgraphs[0], file.operatorCodes
    known = vars(schema.BuiltinOperator)
    composite = known["STABLEHLO_COMPOSITE"]
    found = [op for op in main.operators if codes[op.opcodeIndex].builtinCode == composite]
    ours = [op for op in found if op.builtinOptions2.name.decode().startswith(_BLOCK)]
    if not ours:
        return data
    for operator in ours:
        code = schema.OperatorCodeT()
        code.builtinCode = known[operator.builtinOptions2.name.decode().removeprefix(_BLOCK)]
        code.deprecatedBuiltinCode, code.version = code.builtinCode, 1
        operator.opcodeIndex = len(codes)
        operator.builtinOptions2, operator.builtinOptions2Type = None, 0
        codes.append(code)
    if len(ours) == len(found):
        del file.subgraphs[1:]  # what the blocks are made of
    _tidy(file)
    return packed(file, flatbuffers)


def _tidy(file: Any) -> None:
    """Leave each code once, and only those that are used: an interpreter would look for others."""
    operators = [operator for graph in file.subgraphs for operator in graph.operators]
    kept: dict[tuple[Any, ...], int] = {}
    codes: list[Any] = []
    for operator in operators:
        code = file.operatorCodes[operator.opcodeIndex]
        key = code.builtinCode, code.deprecatedBuiltinCode, code.customCode, code.version
        if key not in kept:
            kept[key] = len(codes)
            codes.append(code)
        operator.opcodeIndex = kept[key]
    file.operatorCodes = codes


def _settings(node: Any) -> tuple[Any, ...]:
    """All arguments of a call, those that it leaves out too."""
    given = dict(node.kwargs)
    return tuple(
        node.args[i] if i < len(node.args) else given.get(entry.name, entry.default_value)
        for i, entry in enumerate(node.target._schema.arguments)
    )


def _channels_last(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of images of which the converter turns operators, but no blocks, on its own."""

    def turned(x: Any, *settings: Any) -> Any:
        if x.dim() != 4:
            return function(x, *settings)
        return function(x.permute(0, 2, 3, 1), *settings).permute(0, 3, 1, 2)

    return turned


def _block(operator: str, x: Any, function: Callable[[Any], Any]) -> Any:
    """What a function makes of a tensor, as a block that stands for an operator of TFLite."""
    builder = tool("litert_torch.hlfb").StableHLOCompositeBuilder(_BLOCK + operator)
    return builder.mark_outputs(function(builder.mark_inputs(x)))


def _relu(x: Any) -> Any:
    """A ReLU of its own: fused, its layer would be run twice, with and without it."""
    import torch

    return _block("RELU", x, torch.relu)


def _elu(x: Any, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Any:
    """Above 0 ``scale * x``, below ``scale * alpha * (exp(input_scale * x) - 1)``."""
    import torch

    if input_scale != 1.0:
        x = x * input_scale
    x = _block("ELU", x, torch.nn.functional.elu)
    # An ELU keeps signs: what is below 0 is what a leaky ReLU scales.
    if alpha * input_scale != 1.0:
        x = torch.nn.functional.leaky_relu(x, alpha * input_scale)
    factor = scale / input_scale
    return x if factor == 1.0 else x * factor


def _celu(x: Any, alpha: float) -> Any:
    return _elu(x, alpha, 1.0, 1.0 / alpha)


def _selu(x: Any) -> Any:
    return _elu(x, _SELU_ALPHA, SELU_SCALE)


def _softplus(x: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """Smooth beyond PyTorch's threshold too, where that is off by ``exp(-threshold) / beta``."""
    import torch

    del threshold
    x = x if beta == 1.0 else x * beta
    low = torch.log(torch.sigmoid(torch.abs(x)))
    result = _relu(x) - low
    return result if beta == 1.0 else result * (1.0 / beta)


def _mish(x: Any) -> Any:
    import torch

    return x * torch.tanh(_softplus(x))


_WRITTEN: Mapping[str, Callable[..., Any]] = {
    "elu": _elu,
    "celu": _celu,
    "selu": _selu,
    "softplus": _softplus,
    "mish": _mish,
}
