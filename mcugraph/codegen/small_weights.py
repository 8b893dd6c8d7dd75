"""Weights of few bits that a file makes floats of before a layer: the layer reads them as they are.

Converters write so what is quantised for its size alone. The floats would be in the arena.
"""

from mcugraph.formats.tflite.model import TfliteOperator
from mcugraph.ir import DType
from mcugraph.records import replace
from mcugraph.tflm.loaded import TflmFile

_LAYERS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")
_WEIGHTS = 1  # their place among what a layer reads


def with_small_weights(file: TflmFile) -> TflmFile:
    """A file whose layers read constants of 8 or 4 bits where these alone became floats."""
    main, *bodies = file.model.subgraphs
    stored = {
        operator.outputs[0]: operator.inputs[0]
        for operator in main.operators
        if operator.native == "DEQUANTIZE"
        and main.tensors[operator.inputs[0]].constant
        and main.tensors[operator.inputs[0]].dtype in (DType.INT8, DType.INT4)
    }
    for operator in main.operators:
        for place, tensor in enumerate(operator.inputs):
            if place != _WEIGHTS or operator.native not in _LAYERS:
                stored.pop(tensor, None)
    for tensor in main.outputs:
        stored.pop(tensor, None)
    if not stored:
        return file
    operators: list[TfliteOperator] = []
    nodes = {at: node for at, node in file.nodes.items() if at[0]}
    for index, operator in enumerate(main.operators):
        if operator.native == "DEQUANTIZE" and operator.outputs[0] in stored:
            continue
        node = file.nodes[0, index]
        if any(tensor in stored for tensor in operator.inputs):
            read = tuple(stored.get(tensor, tensor) for tensor in operator.inputs)
            operator = replace(operator, inputs=read)
            given = tuple(main.tensors[tensor] if tensor >= 0 else None for tensor in read)
            node = replace(node, inputs=given)
        nodes[0, len(operators)] = node
        operators.append(operator)
    whole = replace(main, operators=tuple(operators))
    return replace(file, model=replace(file.model, subgraphs=(whole, *bodies)), nodes=nodes)
