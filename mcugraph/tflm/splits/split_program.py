"""What TFLM would load of a file in which chains are computed in slices, without writing it."""

from collections.abc import Sequence
from typing import Any

from mcugraph.formats.tflite.model import TfliteSubgraph
from mcugraph.formats.tflite.recipe import Copied, remade
from mcugraph.ops.convolution import Conv
from mcugraph.ops.movement import Reshape
from mcugraph.ops.selection import Concat
from mcugraph.records import dataclass, replace
from mcugraph.tflm.abi import find_abi
from mcugraph.tflm.kernels import KernelNode, find_library, node_of
from mcugraph.tflm.loaded import TflmProgram, needs_of
from mcugraph.tflm.splits.split_recipe import Split, split_recipe


@dataclass(frozen=True, slots=True)
class SplitProgram:
    """A program with some chains computed in slices.

    Attributes:
        program: What TFLM would load.
        origins: For each operator of its first subgraph the one of the file that it is a slice
            of, by number; a CONCATENATION is its chain's last.
    """

    program: TflmProgram
    origins: tuple[int, ...]


def split_program(program: TflmProgram, splits: Sequence[Split]) -> SplitProgram | None:
    """What TFLM would load of the file with some chains computed in slices.

    Args:
        program: What it loads of the file as it stands, values of constants at hand.
        splits: Chains of the file, and in how many slices each is computed.

    Returns:
        None where TFLM has no kernel for what is new.

    Raises:
        GraphError: Two chains share an operator, or there are more slices than channels.
    """
    recipe = split_recipe(program.model, splits)
    ends = {
        program.model.subgraphs[0].operators[chain.operators[-1]].outputs[0]: chain.operators[-1]
        for chain, _ in splits
    }
    model = remade(program.model, recipe)
    nodes = {position: node for position, node in program.nodes.items() if position[0]}
    main = model.subgraphs[0]
    own: dict[tuple[int, int], KernelNode] = {}
    origins = []
    for number, (entry, operator) in enumerate(zip(recipe.operators, main.operators, strict=True)):
        if isinstance(entry, Copied):
            old = program.nodes[0, entry.operator]
            own[0, number] = node_of(main, operator, _sliced(old.op, entry, main))
            origins.append(entry.operator)
        else:
            own[0, number] = node_of(main, operator, Concat(entry.axis))
            origins.append(ends[entry.output])
    rules = find_library(program.kernels)
    needs, problems = needs_of({**own, **nodes}, find_abi(program.abi), rules)
    if problems:
        return None
    made = replace(program, model=model, nodes={**own, **nodes}, needs=needs)
    return SplitProgram(made, tuple(origins))


def _sliced(op: Any, entry: Copied, graph: TfliteSubgraph) -> Any:
    """The rules of an operator for a slice of its channels."""
    if isinstance(op, Conv):
        data, weights = (graph.tensors[t].shape for t in entry.inputs[:2])
        channels = data[op.channel_axis]
        depth = 1 if op.depthwise else weights[op.weight_in]
        return replace(op, groups=channels // depth)
    if isinstance(op, Reshape) and entry.shape is not None:
        return replace(op, shape=entry.shape)
    return op
