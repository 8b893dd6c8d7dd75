"""What a saved program may call: operators that PyTorch knows, by their registered names."""

import re
from typing import Any

from mcugraph.errors import FormatError

_OPERATOR = re.compile(r"torch\.ops\.([A-Za-z]\w*)\.([A-Za-z_]\w*)(?:\.([A-Za-z]\w*))?", re.ASCII)
# Arithmetic of sizes.
_PLAIN = frozenset((
    *(f"_operator.{name}" for name in (
        "add", "and_", "eq", "floordiv", "ge", "getitem", "gt", "le", "lt", "mod", "mul", "ne",
        "neg", "or_", "pos", "pow", "rshift", "sub", "truediv",
    )),
    *(f"torch.sym_{name}" for name in ("float", "int", "ite", "max", "min", "not", "sqrt")),
    "math.trunc",
))  # fmt: skip
# Operators whose arguments are bodies. None of them names anything outside the program.
_HIGHER_ORDER = frozenset((
    "associative_scan", "auto_functionalized", "auto_functionalized_v2", "cond", "invoke_subgraph",
    "map_impl", "out_dtype", "scan", "strict_mode", "while_loop", "wrap_with_autocast",
    "wrap_with_set_grad_enabled",
))  # fmt: skip
# Operators that read or write files.
_OF_FILES = frozenset(("aten.from_file", "aten.save"))
# Only these are run again, on tensors without values, where side effects have to be taken out.
_RETRACED = frozenset(("aten", "prims", "quantized_decomposed", "higher_order"))
_COSTLY = frozenset(("_operator.pow",))


def checked_target(text: str) -> str:
    """The name of what a node calls.

    Raises:
        FormatError: It is no operator that is registered in this process.
    """
    import torch

    if text in _PLAIN:
        return text
    match = _OPERATOR.fullmatch(text)
    if match is None:
        raise FormatError(f"it calls {text!r}, which is no operator")
    space, name, overload = match.groups()
    if space == "higher_order":
        if overload is not None or name not in _HIGHER_ORDER:
            raise FormatError(f"it calls {text!r}, which is not known to run nothing else")
        return text
    if f"{space}.{name}" in _OF_FILES:
        raise FormatError(f"it calls {text!r}, which reads or writes files")
    found: Any = torch.ops
    for part in (space, name, overload or "default"):
        found = getattr(found, part, None)
    if overload is None or not isinstance(found, torch._ops.OpOverload):
        raise FormatError(
            f"the operator {space}::{name} is not registered: import the library that defines it"
        )
    return text


def is_retraced(text: str) -> bool:
    """Whether a checked target may be run on tensors without values."""
    match = _OPERATOR.fullmatch(text)
    return text not in _COSTLY if match is None else match[1] in _RETRACED
