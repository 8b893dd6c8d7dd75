"""What the reference kernels of TFLM ask of its arena: one rule an operator."""

from mcugraph.tflm.kernels import linear, plain, signal
from mcugraph.tflm.kernels.needs import KernelNode, Needs, Rule, node_of
from mcugraph.tflm.kernels.refused_types import refusal

# Builtin and custom operators, by their name in a TFLite file. ASSIGN_VARIABLE is not listed:
# the first assignment allocates the variable, so its rule needs to know the earlier ones.
RULES: dict[str, Rule] = {**plain.RULES, **linear.RULES, **signal.RULES}

__all__ = ["RULES", "KernelNode", "Needs", "Rule", "node_of", "refusal"]
