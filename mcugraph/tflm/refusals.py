"""Why TensorFlow Lite Micro would not run a model at all, whatever memory it is given."""

from mcugraph.ir import Graph
from mcugraph.tflm.kernels import find_library, refusal
from mcugraph.tflm.loaded import kernel_nodes, misplanned, unsized_types
from mcugraph.tflm.lowering import lowered

_SHOWN = 3  # operators that are named for one reason


def refusals(graph: Graph, kernels: str = "reference") -> tuple[str, ...]:
    """A clause for each reason why TFLM does not run a model; empty: none is known.

    Args:
        graph: As it is deployed.
        kernels: The kernels that TFLM is built with.
    """
    model, _ = lowered(graph)
    if model is None:
        return ()
    rules = find_library(kernels)
    reasons: dict[str, list[str]] = {}
    for (part, place), node in kernel_nodes(model, graph).items():
        name = model.subgraphs[part].operators[place].name
        if node.native not in rules and node.native != "ASSIGN_VARIABLE":
            native = node.native.removeprefix("CUSTOM:")
            reasons.setdefault(f"it has no kernel for {native}", []).append(name)
        elif (reason := refusal(node)) is not None:
            reasons.setdefault(reason, []).append(name)
    found = [f"{reason} ({_names(names)})" for reason, names in reasons.items()]
    found += [f"it loads no {dtype.label} tensors" for dtype in unsized_types(model)]
    return (*found, *misplanned(model))


def _names(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if names[_SHOWN:] else ""
    return ", ".join(names[:_SHOWN]) + more
