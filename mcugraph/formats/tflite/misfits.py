"""What of a TFLite file cannot be: sizes and counts that contradict each other."""

from collections.abc import Iterator

from mcugraph.formats.tflite.model import TfliteModel, TfliteOperator, TfliteSubgraph, TfliteTensor

# Layers, and the place of the bias among their inputs.
_BIASED = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "TRANSPOSE_CONV": 3}


def misfits(model: TfliteModel) -> list[str]:
    """What interpreters would refuse, or read past the end of: a sentence each; empty: nothing.

    - A buffer holds as many bytes as the shape and the type of its tensor say.
    - Scales are one, or one for each entry of their axis; zero points are as many.
    - A bias has one element for each channel of its layer.
    """
    return [said for graph in model.subgraphs for said in _misfits(graph)]


def _misfits(graph: TfliteSubgraph) -> Iterator[str]:
    for tensor in graph.tensors:
        yield from _tensor(tensor)
    for operator in graph.operators:
        yield from _bias(graph, operator)


def _tensor(tensor: TfliteTensor) -> Iterator[str]:
    sized = tensor.data is not None and not tensor.sparse and tensor.dtype.has_size
    if tensor.constant and sized and tensor.data is not None and len(tensor.data) != tensor.nbytes:
        yield (
            f"tensor {tensor.name!r} of shape {tensor.shape} takes {tensor.nbytes:,} bytes, and"
            f" {len(tensor.data):,} are stored"
        )
    if tensor.scales > 1:
        axis = tensor.axis
        length = tensor.shape[axis] if 0 <= axis < len(tensor.shape) else 0
        if tensor.scales != length:
            yield (
                f"tensor {tensor.name!r} has {tensor.scales} scales along axis {axis} of shape"
                f" {tensor.shape}"
            )
    if tensor.zero_points not in (0, 1, tensor.scales):
        yield (
            f"tensor {tensor.name!r} has {tensor.scales} scales, and {tensor.zero_points} zero"
            " points"
        )


def _bias(graph: TfliteSubgraph, operator: TfliteOperator) -> Iterator[str]:
    place = _BIASED.get(operator.native)
    if place is None or len(operator.inputs) <= place or operator.inputs[place] < 0:
        return
    bias, result = graph.tensors[operator.inputs[place]], graph.tensors[operator.outputs[0]]
    if bias.declared and result.shape and bias.elements != result.shape[-1]:
        yield (
            f"operator {operator.name!r}: a bias of {bias.elements:,} elements for"
            f" {result.shape[-1]:,} channels"
        )
