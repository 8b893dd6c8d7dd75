"""A quantised network of ONNX as the int8 kernels of TensorFlow Lite compute it."""

from mcugraph.errors import GraphError
from mcugraph.ir import DType, Graph, Tensor
from mcugraph.rewrite.common_scales import convert_between, share_scales
from mcugraph.rewrite.deploy import deploy_form
from mcugraph.rewrite.edit import rewritten
from mcugraph.rewrite.float_regions import with_float_regions
from mcugraph.rewrite.integer_layers import (
    add_to_biases,
    drop_parameters,
    restore_floats,
    settle_layers,
)
from mcugraph.rewrite.signed import signed


def _check(tensor: Tensor) -> None:
    """Refuse parameters that stand for nothing, and results of more or less than 8 bits.

    Raises:
        GraphError: It is so; the message names the tensor.
    """
    if not tensor.is_constant and tensor.dtype not in (DType.INT8, DType.UINT8):
        raise GraphError(
            f"tensor {tensor.name!r} is quantised to {tensor.dtype.label}; quantise what is "
            "computed to 8 bits"
        )
    try:
        if tensor.quantization is not None:
            tensor.quantization.check(tensor.shape or ())
    except GraphError as error:
        raise GraphError(f"tensor {tensor.name!r}: {error}") from None


def integer_form(graph: Graph) -> Graph:
    """A graph, without its subgraphs, as it is deployed, its values those that kernels read.

    A network of floats is in its deployed form, nothing else. Of a quantised one all integers are
    int8, biases int32, and scales are those that kernels have. Nothing is rounded that was not,
    but for biases that were floats, and conversions of scales that the file does not have.

    Raises:
        GraphError: Kernels cannot compute what the graph says; the message names the operator.
    """
    quantised = [tensor for tensor in graph.tensors.values() if tensor.quantization is not None]
    if not quantised:
        return deploy_form(graph)
    for tensor in quantised:
        _check(tensor)
    known = signed(rewritten(graph, drop_parameters, share_scales))
    apart = with_float_regions(rewritten(known, add_to_biases))
    ready = deploy_form(rewritten(apart, restore_floats, settle_layers))
    return convert_between(rewritten(ready, share_scales))
