"""What the kernels of TFLM ask of its arena: one rule an operator and kernel library."""

from mcugraph.errors import UsageError
from mcugraph.tflm.kernels import cmsis_nn, linear, plain, signal
from mcugraph.tflm.kernels.needs import KernelNode, Needs, Rule, node_of
from mcugraph.tflm.kernels.refused_types import refusal
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
    if name not in LIBRARIES:
        raise UsageError(f"unknown kernels {name!r}; expected one of {', '.join(LIBRARIES)}")
    return LIBRARIES[name]


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
