"""An ONNX file with its nodes in a better order."""

from collections.abc import Sequence
from pathlib import Path

from mcugraph.errors import UsageError
from mcugraph.formats.onnx.messages import message_class
from mcugraph.formats.onnx.writer import external_files, node_order, rewritten
from mcugraph.ir import Graph
from mcugraph.optimizer.new_file import NewFile
from mcugraph.profiles import Profile
from mcugraph.rewrite.accounting import counted_forms


def improved(
    path: str, path_out: str, data: bytes, graph: Graph, figures: Profile, force: bool
) -> NewFile:
    """The file in the order with the least peak, as it is counted when deployed.

    Args:
        path: Named in errors.
        path_out: Where the new file will be.
        data: The file.
        graph: Its translation.
        figures: Its profile, which has the order.
        force: Reorder although nothing is saved.

    Raises:
        FormatError: The file cannot be rewritten.
        UsageError: Weights lie in files beside it, where the new one would not find them.
    """
    model = message_class("ModelProto").FromString(data)
    if (
        external_files(model.graph)
        and Path(path).resolve().parent != Path(path_out).resolve().parent
    ):
        raise UsageError(
            f"{path_out}: weights of {path} lie in files beside it; "
            "write the new file to the same folder"
        )
    if figures.memory.peak >= figures.memory.file_order_peak and not force:
        return NewFile(data, notes=("no order needs less memory than the one in the file",))
    deployed = {op.name: op for op in counted_forms(graph, "deployed").runs.operators}
    outputs = {operator.name: operator.outputs for operator in graph.operators}
    wanted = [
        name
        for operator in figures.order
        for origin in deployed[operator].stands_for
        for name in outputs[origin]
    ]
    order = node_order(model.graph, wanted)
    return NewFile(rewritten(path, data, order), _moved(order))


def _moved(order: Sequence[int]) -> int:
    return sum(place != number for place, number in enumerate(order))
