"""Chains of operators computed in slices of channels, before C code is made of them.

What is split is searched for as `optimize` does it, by the order of access of kernels that write
their outputs in raster order, as those of the runtime do.
"""

from mcugraph.formats.tflite.file_recipe import valued
from mcugraph.records import replace
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.tflm.kernels import node_of
from mcugraph.tflm.loaded import TflmFile, program_from
from mcugraph.tflm.splits.split_chains import unsplittable
from mcugraph.tflm.splits.split_prices import PlannedPrice
from mcugraph.tflm.splits.split_recipe import split_recipe
from mcugraph.tflm.splits.split_search import HEAD, best_splits


def sliced_file(file: TflmFile, seconds: float | None) -> TflmFile | None:
    """The file with the chains computed in slices whose tensors then take least.

    Args:
        file: With the values of its constants.
        seconds: For the search; None: as long as it takes.

    Returns:
        None where nothing is computed in slices.
    """
    if unsplittable(file.model) is not None:
        return None
    program, _ = program_from(file, "arm", "reference")
    if program is None:
        return None
    bare = replace(program, model=replace(file.model, offsets=None, misfit=None, planned_for=""))
    choice = best_splits(bare, PlannedPrice(overlapping=True), HEAD, Limits(seconds))
    if choice is None or choice.made is None:
        return None
    model = valued(file.model, split_recipe(file.model, choice.splits))
    main, nodes = model.subgraphs[0], choice.made.program.nodes
    first = {
        (0, i): node_of(main, operator, nodes[0, i].op, nodes[0, i].channels_first)
        for i, operator in enumerate(main.operators)
    }
    return replace(file, model=model, nodes={**nodes, **first})
