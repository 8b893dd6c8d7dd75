"""Why TensorFlow Lite Micro would not run a model at all, whatever memory it is given."""

from mcugraph.records import dataclass
from mcugraph.tflm.kernels import find_library, refusal
from mcugraph.tflm.loaded import TflmFile, misplanned, planned_for_others, unseen, unsized_types

_SHOWN = 3  # operators that are named for one reason


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason why TFLM does not run a model.

    Attributes:
        reason: A clause.
        operators: Names of those that it is about; empty: the whole model.
    """

    reason: str
    operators: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.operators:
            return self.reason
        more = len(self.operators) - _SHOWN
        names = ", ".join(self.operators[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
        return f"{self.reason} ({names})"


def refusals(file: TflmFile, kernels: str = "reference") -> tuple[Refusal, ...]:
    """Each reason why TFLM does not run a model; empty: none is known.

    Args:
        file: The model.
        kernels: The kernels that TFLM is built with.
    """
    model, rules = file.model, find_library(kernels)
    reasons: dict[str, list[str]] = {}
    for (part, place), node in file.nodes.items():
        if node.native not in rules and node.native != "ASSIGN_VARIABLE":
            reason: str | None = f"it has no kernel for {node.native.removeprefix('CUSTOM:')}"
        else:
            reason = refusal(node, file.stored)
        if reason is not None:
            reasons.setdefault(reason, []).append(model.subgraphs[part].operators[place].name)
    found = [Refusal(reason, tuple(names)) for reason, names in reasons.items()]
    found += [Refusal(f"it loads no {dtype.label} tensors") for dtype in unsized_types(model)]
    clauses = (*misplanned(model), *unseen(model), *planned_for_others(model, kernels))
    return (*found, *map(Refusal, clauses))
