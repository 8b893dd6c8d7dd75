"""What the kernels of TFLM ask of its arena: one rule an operator and kernel library."""

from mcugraph.errors import UsageError
from mcugraph.tflm.kernels import cmsis_nn, linear, plain, signal
from mcugraph.tflm.kernels.needs import KernelNode, Needs, Rule, node_of
from mcugraph.tflm.kernels.own import KernelLibrary
from mcugraph.tflm.kernels.refused_operands import operand_refusal, rank_refusal
from mcugraph.tflm.kernels.refused_types import type_refusal
from mcugraph.tflm.kernels.temporary import looked_at

# Builtin and custom operators, by their name in a TFLite file. ASSIGN_VARIABLE is not listed:
# the first assignment allocates the variable, so its rule needs to know the earlier ones.
RULES: dict[str, Rule] = {**plain.RULES, **linear.RULES, **signal.RULES}
# What TFLM can be built with, by name.
LIBRARIES = {"reference": RULES, "cmsis-nn": {**RULES, **cmsis_nn.RULES}}


# Operators that a library has a kernel for which is counted as the reference one all the same.
_COUNTED_AS_REFERENCE = {"cmsis-nn": frozenset(cmsis_nn.COUNTED_AS_REFERENCE)}
_OWN: dict[str, dict[str, Rule]] = {}  # what users have registered
# No names: none, plans that hold for all libraries, and the code of `deploy`.
_NAMED_APART = ("", "any", "generated")


def register_kernels(name: str, library: KernelLibrary) -> None:
    """Teach a kernel library, which ``kernels=`` takes by its name then, in this process.

    Outputs over dying inputs, which depend on a kernel's loops, are none of it: plans with such
    library have none.

    Args:
        name: Of the library; one of your own that bears it already is replaced.
        library: What its kernels take.

    Raises:
        UsageError: The name is no text, or is taken, or it is no ``KernelLibrary``.
    """
    if not isinstance(name, str):
        raise UsageError(f"register_kernels: a name is needed, not {name!r}")
    if name in LIBRARIES or name in _NAMED_APART:
        raise UsageError(
            f"register_kernels: {name!r} is a library that is known: take another name"
        )
    if not isinstance(library, KernelLibrary):
        raise UsageError(f"register_kernels: a KernelLibrary is needed, not {library!r}")
    _OWN[name] = library.rules(name, RULES)


def find_library(name: str) -> dict[str, Rule]:
    """The rules of a kernel library.

    Raises:
        UsageError: There is none of this name.
    """
    if name in tuple(LIBRARIES):
        return LIBRARIES[name]
    if name in tuple(_OWN):
        return {**RULES, **_OWN[name]}
    known = ", ".join([*LIBRARIES, *_OWN])
    raise UsageError(
        f"unknown kernels {name!r}; expected one of {known}; register_kernels adds your own,"
        " and --kernels MODULE:NAME"
    )


def counted_as_reference(name: str, operator: str) -> bool:
    """Whether a library's kernel of an operator is counted as the reference one."""
    if name in _OWN:
        return operator not in _OWN[name]
    return operator in _COUNTED_AS_REFERENCE.get(name, ())


def refusal(node: KernelNode, stored: bool = True) -> str | None:
    """Why TFLM does not run a model with this operator; None: no reason is known.

    Args:
        node: The operator; a kernel for it there is.
        stored: It stands in a TFLite file, so its operands are in TFLite's places and types.
    """
    found = type_refusal(node) or rank_refusal(node)
    return found or (operand_refusal(node) if stored else None)


__all__ = [
    "LIBRARIES",
    "RULES",
    "KernelLibrary",
    "KernelNode",
    "Needs",
    "Rule",
    "counted_as_reference",
    "find_library",
    "looked_at",
    "node_of",
    "refusal",
    "register_kernels",
]
