"""Convolutions of one by one that are made to run by a kernel which goes through pixels in order.

CMSIS-NN runs a convolution of one by one as a product of matrices, which writes channels of all
pixels before others, so that its output may not lie over its input. A dilation means nothing for a
window of one, but with one the library takes its general convolution, which copies two windows,
then writes their results. That is in order, takes scratch for the copies, and is slower.

Source: Source/ConvolutionFunctions/arm_convolve_wrapper_s8.c of CMSIS-NN.
"""

from collections.abc import Callable, Sequence

from mcugraph.formats.tflite.file_recipe import Copied, FileRecipe
from mcugraph.ir import DType
from mcugraph.ops.convolution import Conv
from mcugraph.records import dataclass, replace
from mcugraph.tflm.abi import find_abi
from mcugraph.tflm.kernels import KernelNode, find_library
from mcugraph.tflm.loaded import Position, TflmProgram, needs_of

KERNELS = "cmsis-nn"
_DILATION = 2
_DILATION_FIELDS = (4, 5)  # of Conv2DOptions: along the width, along the height

# Instructions of the general convolution for each multiplication beyond those of the product, and
# of all kernels together for each multiplication of the network: vww_96_int8, person_detect and
# kws_ref of MLPerf Tiny and TFLM on an emulated Cortex-M4, .353 to .363 and 2.9 to 3.2.
_EXTRA, _USUAL = 0.36, 3.1


@dataclass(frozen=True, slots=True)
class Steering:
    """Operators whose kernel is to be the general one.

    Attributes:
        operators: Of the first subgraph, by number.
        slower: The share of all instructions that come to them, estimated.
    """

    operators: tuple[int, ...]
    slower: float


def steerable(program: TflmProgram) -> dict[int, int]:
    """The convolutions that can be steered, by number, with their multiplications."""
    if program.kernels != KERNELS:
        return {}
    return {
        number: node.input(0).shape[-1] * node.outputs[0].elements
        for (subgraph, number), node in program.nodes.items()
        if not subgraph and _is_product(node)
    }


def _is_product(node: KernelNode) -> bool:
    """Whether a convolution is run as a product of matrices."""
    if node.native != "CONV_2D" or not isinstance(node.op, Conv) or node.op.groups > 1:
        return False
    data, weights = node.input(0), node.input(1)
    return (
        data.dtype is weights.dtype is DType.INT8
        and weights.shape[1:-1] == (1, 1)
        and set(node.op.dilations) == {1}
        and node.op.strides == (1, 1)
    )


def steered(program: TflmProgram, operators: Sequence[int]) -> TflmProgram:
    """What TFLM would load with some operators steered."""
    nodes = dict(program.nodes)
    changed: dict[Position, KernelNode] = {}
    for number in operators:
        node = nodes[0, number]
        changed[0, number] = replace(node, op=replace(node.op, dilations=(_DILATION, _DILATION)))
    needs, _ = needs_of(changed, find_abi(program.abi), find_library(program.kernels))
    return replace(program, nodes={**nodes, **changed}, needs={**program.needs, **needs})


def steering_recipe(program: TflmProgram, operators: Sequence[int]) -> FileRecipe:
    """What makes the file in which they are."""
    options = tuple((field, _DILATION) for field in _DILATION_FIELDS)
    return FileRecipe(
        {},
        tuple(
            Copied(i, operator.inputs, operator.outputs, options if i in operators else ())
            for i, operator in enumerate(program.model.subgraphs[0].operators)
        ),
    )


def least_steering(
    program: TflmProgram, macs: int, most: float, cost: Callable[[TflmProgram], int]
) -> Steering:
    """The operators to steer so that a cost is least; of those, as few as need be.

    Args:
        program: What TFLM loads.
        macs: Multiplications of the whole network.
        most: The share of all instructions that may be added.
        cost: Of a program, the least first.

    Returns:
        None of them where that costs no less.
    """
    work = steerable(program)

    def slower(chosen: Sequence[int]) -> float:
        return _EXTRA * sum(work[i] for i in chosen) / (_USUAL * macs) if macs else 0.0

    def cost_of(chosen: Sequence[int]) -> int:
        return cost(steered(program, chosen))

    chosen = sorted(work, key=lambda i: -work[i])
    least = cost_of(chosen)
    while True:
        for i in list(chosen):
            without = [j for j in chosen if j != i]
            if (found := cost_of(without)) <= least:
                chosen, least = without, found
        if not chosen or slower(chosen) <= most:
            break
        # What saves the least for its work goes, and what was only needed beside it goes with it.
        costs = {i: cost_of([j for j in chosen if j != i]) for i in chosen}
        dearest = min(chosen, key=lambda i: (costs[i] - least) / work[i])
        chosen.remove(dearest)
        least = costs[dearest]
    return Steering(tuple(sorted(chosen)), slower(chosen))
