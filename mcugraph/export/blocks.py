"""Blocks that a converter keeps whole, each to become one operator of the file.

For operators that the converter knows no way to, or that it would change for the worse.
"""

from collections.abc import Callable
from typing import Any

from mcugraph.export.tflite_objects import packed, unpacked
from mcugraph.export.tools import tool

# What blocks are called that stand for one operator on their way through the converter.
_BLOCK = "mcugraph."


def block(operator: str, function: Callable[..., Any], *given: Any) -> Any:
    """What a function makes of tensors, as a block that stands for an operator of TFLite."""
    builder = tool("litert_torch.hlfb").StableHLOCompositeBuilder(_BLOCK + operator)
    inputs = builder.mark_inputs(*given)
    inputs = inputs if isinstance(inputs, tuple | list) else (inputs,)
    return builder.mark_outputs(function(*inputs))


def square(data: Any) -> Any:
    """The product of data with itself: a block, or what is read after it would be reshaped."""
    import torch

    return block("MUL", torch.mul, data, data)


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
    for one in ours:
        code = schema.OperatorCodeT()
        code.builtinCode = known[one.builtinOptions2.name.decode().removeprefix(_BLOCK)]
        # The old field has one byte, for the codes that there were then.
        code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
        one.opcodeIndex = len(codes)
        one.builtinOptions2, one.builtinOptions2Type = None, 0
        codes.append(code)
    if len(ours) == len(found):
        del file.subgraphs[1:]  # what the blocks are made of
    _tidy(file)
    return packed(file, flatbuffers)


def _tidy(file: Any) -> None:
    """Leave each code once, and only those that are used: an interpreter would look for others."""
    operators = [one for graph in file.subgraphs for one in graph.operators]
    kept: dict[tuple[Any, ...], int] = {}
    codes: list[Any] = []
    for one in operators:
        code = file.operatorCodes[one.opcodeIndex]
        key = code.builtinCode, code.deprecatedBuiltinCode, code.customCode, code.version
        if key not in kept:
            kept[key] = len(codes)
            codes.append(code)
        one.opcodeIndex = kept[key]
    file.operatorCodes = codes
