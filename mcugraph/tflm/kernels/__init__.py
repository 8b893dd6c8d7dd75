"""What the kernels of TFLM ask of its arena: one rule an operator and kernel library."""

from mcugraph.errors import UsageError
from mcugraph.tflm.kernels import cmsis_nn, linear, plain, signal
from mcugraph.tflm.kernels.needs import KernelNode, Needs, Rule, node_of
from mcugraph.tflm.kernels.refused_operands import operand_refusal, rank_refusal
from mcugraph.tflm.kernels.refused_types import type_refusal
from mcugraph.tflm.kernels.temporary import looked_at

# Builtin and custom operators, by their name in a TFLite file. ASSIGN_VARIABLE is not listed:
# the first assignment allocates the variable, so its rule needs to know the earlier ones.
RULES: dict[str, Rule] = {**plain.RULES, **linear.RULES, **signal.RULES}
# What TFLM can be built with, by name.
LIBRARIES = {"reference": RULES, "cmsis-nn": {**RULES, **cmsis_nn.RULES}}


# Operators that a library has a kernel for which is counted as the reference one all the same.
COUNTED_AS_REFERENCE = {"cmsis-nn": cmsis_nn.COUNTED_AS_REFERENCE}


def find_library(name: str) -> dict[str, Rule]:
    """The rules of a kernel library.

    Raises:
        UsageError: There is none of this name.
    """
    if name not in tuple(LIBRARIES):
        raise UsageError(f"unknown kernels {name!r}; expected one of {', '.join(LIBRARIES)}")
    return LIBRARIES[name]


def refusal(node: KernelNode, stored: bool = True) -> str | None:
    """Why TFLM does not run a model with this operator; None: no reason is known.

    Args:
        node: The operator; a kernel for it there is.
        stored: It stands in a TFLite file, so its operands are in TFLite's places and types.
    """
    found = type_refusal(node) or rank_refusal(node)
    return found or (operand_refusal(node) if stored else None)


__all__ = [
    "COUNTED_AS_REFERENCE",
    "LIBRARIES",
    "RULES",
    "KernelNode",
    "Needs",
    "Rule",
    "find_library",
    "looked_at",
    "node_of",
    "refusal",
]
