"""What TFLM would load of a file in which chains are computed in parts, without writing it."""

from collections.abc import Sequence
from typing import Any

from mcugraph.formats.tflite.file_recipe import Entry, FileRecipe, Joined, Restated, Sliced, remade
from mcugraph.formats.tflite.model import TfliteSubgraph
from mcugraph.ops.convolution import Conv
from mcugraph.ops.movement import Reshape
from mcugraph.ops.selection import Concat, Pad, Slice
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
        origins: For each operator of its first subgraph the one of the file that it is a part of,
            by number; a SLICE is the one before it, or its chain's first, a CONCATENATION its last.
    """

    program: TflmProgram
    origins: tuple[int, ...]


def split_program(program: TflmProgram, splits: Sequence[Split]) -> SplitProgram | None:
    """What TFLM would load of the file with some chains computed in parts.

    Args:
        program: What it loads of the file as it stands, values of constants at hand.
        splits: Chains of the file, and in how many slices each is computed.

    Returns:
        None where TFLM has no kernel for what is new.

    Raises:
        GraphError: Two chains share an operator, or there are more slices than channels.
    """
    recipe = split_recipe(program.model, splits)
    model = remade(program.model, recipe)
    nodes = {position: node for position, node in program.nodes.items() if position[0]}
    main = model.subgraphs[0]
    own: dict[tuple[int, int], KernelNode] = {}
    for number, (entry, operator) in enumerate(zip(recipe.operators, main.operators, strict=True)):
        own[0, number] = node_of(main, operator, _rules(program, recipe, entry, main))
    rules = find_library(program.kernels)
    needs, problems = needs_of({**own, **nodes}, find_abi(program.abi), rules)
    if problems:
        return None
    made = replace(program, model=model, nodes={**own, **nodes}, needs=needs)
    return SplitProgram(made, tuple(entry.operator for entry in recipe.operators))


def _rules(program: TflmProgram, recipe: FileRecipe, entry: Entry, graph: TfliteSubgraph) -> Any:
    """The rules of an operator of a recipe."""
    if isinstance(entry, Joined):
        return Concat(entry.axis)
    if isinstance(entry, Sliced):
        return Slice(tuple(slice(start, stop) for start, stop in entry.ranges))
    op = program.nodes[0, entry.operator].op
    if isinstance(op, Conv):
        data, weights = (graph.tensors[t].shape for t in entry.inputs[:2])
        channels = data[op.channel_axis]
        depth = 1 if op.depthwise else weights[op.weight_in]
        return replace(op, groups=channels // depth)
    if isinstance(op, Reshape) and entry.shape is not None:
        return replace(op, shape=entry.shape)
    if isinstance(op, Pad):
        pads = recipe.tensors.get(entry.inputs[1])
        if isinstance(pads, Restated):
            return replace(op, pads=tuple(zip(pads.values[::2], pads.values[1::2], strict=True)))
    return op
