"""Kernel libraries of a user's own: what their kernels take beside the reference ones.

A library is told by rules, one an operator; what it has no rule for is counted as the reference
kernel. Rules are registered under a name, which is what ``kernels=`` takes then. Nothing is ever
registered because a model's file says so: its plan may name kernels, and files come from anybody.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from numbers import Integral
from typing import Any

from mcugraph.errors import UsageError
from mcugraph.imported import failure, imported
from mcugraph.ir import TensorType
from mcugraph.ops.window import Windowed
from mcugraph.records import dataclass, replace
from mcugraph.tflm.abi import Abi
from mcugraph.tflm.kernels.access.channels_last import as_stored
from mcugraph.tflm.kernels.needs import KernelNode, Needs, Rule, plain


@dataclass(frozen=True, slots=True)
class OperatorCall:
    """One operator, as a rule about its kernel sees it.

    Attributes:
        operator: Its type in the words of TFLite, like ``"CONV_2D"`` or ``"CUSTOM:Name"``.
        inputs: Element types and shapes, in TFLite's order, images with their channels last; None:
            left out. Weights have the axes that the model gives them.
        outputs: The same of what it makes.
        window: Lengths of the window that slides, such as (3, 3); empty: none does.
        op: What it does, with its attributes (``mg.Op``).
    """

    operator: str
    inputs: tuple[TensorType | None, ...]
    outputs: tuple[TensorType, ...]
    window: tuple[int, ...]
    op: Any


Amount = int | Callable[[OperatorCall], int | Sequence[int]]


@dataclass(frozen=True, slots=True)
class KernelLibrary:
    """What the kernels of a library take of the arena, in bytes.

    Attributes:
        scratch: Operator -> its scratch buffers, which live while it runs: a number, or a function
            of an ``OperatorCall`` that gives one, or several. They take the place of the reference
            kernel's.
        persistent: Operator -> what it keeps for ever besides what the reference kernel keeps,
            told in the same way.
    """

    scratch: Mapping[str, Amount]
    persistent: Mapping[str, Amount] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for told in (self.scratch, self.persistent):
            if not isinstance(told, Mapping):
                raise UsageError(f"kernels: bytes by operator are needed, not {told!r}")
            for operator, amount in told.items():
                if not callable(amount):
                    _sizes(f"kernels: {operator}", amount)

    def rules(self, name: str, reference: Mapping[str, Rule]) -> dict[str, Rule]:
        """A rule for each operator that something is said of."""
        return {
            operator: self._rule(name, operator, reference.get(operator, plain()))
            for operator in (*self.scratch, *self.persistent)
        }

    def _rule(self, name: str, operator: str, reference: Rule) -> Rule:
        scratch, kept = self.scratch.get(operator), self.persistent.get(operator)

        def rule(node: KernelNode, abi: Abi) -> Needs:
            needs, call = reference(node, abi), _call(node)
            what = f"kernels {name!r}: {operator}"
            if scratch is not None:
                needs = replace(needs, scratch=_asked(what, scratch, call))
            if kept is not None:
                needs = replace(needs, prepare=(*needs.prepare, *_asked(what, kept, call)))
            return needs

        return rule


def from_module(text: str) -> KernelLibrary:
    """The library that ``MODULE:NAME`` means; the module may lie in the current folder.

    Raises:
        UsageError: There is none.
    """
    here = os.getcwd()
    sys.path.append(here)
    try:
        found = imported("kernels", text)
    finally:
        # The last one: the folder may have been among them before.
        del sys.path[len(sys.path) - 1 - sys.path[::-1].index(here)]
    if not isinstance(found, KernelLibrary):
        raise UsageError(f"kernels {text!r}: it is no KernelLibrary but {type(found).__name__}")
    return found


def _call(node: KernelNode) -> OperatorCall:
    window: tuple[int, ...] = ()
    if isinstance(node.op, Windowed):
        shapes = tuple(None if tensor is None else tensor.shape for tensor in node.inputs)
        window = tuple(sweep.kernel for sweep in node.op.sweeps(shapes).values())
    stored = as_stored(node)
    return OperatorCall(
        node.native,
        tuple(None if t is None else TensorType(t.dtype, t.shape) for t in stored.inputs),
        tuple(TensorType(t.dtype, t.shape) for t in stored.outputs),
        window,
        stored.op,
    )


def _asked(what: str, amount: Amount, call: OperatorCall) -> tuple[int, ...]:
    """The buffers that a rule asks for; those of no bytes are none."""
    if not callable(amount):
        return _sizes(what, amount)
    try:
        answer = amount(call)
    except Exception as error:
        raise UsageError(f"{what}: its rule fails: {failure(error)}") from error
    return _sizes(what, answer)


def _sizes(what: str, answer: Any) -> tuple[int, ...]:
    sizes = tuple(answer) if isinstance(answer, list | tuple) else (answer,)
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, Integral) or size < 0:
            raise UsageError(f"{what}: bytes are needed, not {size!r}")
    return tuple(int(size) for size in sizes if size)
