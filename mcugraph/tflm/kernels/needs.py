"""What a kernel asks of TFLM's arena, and what a rule about it gets to see."""

from collections.abc import Callable
from typing import Any

from mcugraph.formats.tflite.model import TfliteOperator, TfliteSubgraph, TfliteTensor
from mcugraph.records import dataclass
from mcugraph.tflm.abi import Abi


@dataclass(frozen=True, slots=True)
class Needs:
    """Memory that one operator takes, in bytes and in the order in which it is asked for.

    Attributes:
        options: Layout of the struct into which the operator's options are parsed; empty: none.
        init: Persistent buffers of the kernel's ``Init``.
        prepare: Persistent buffers of its ``Prepare``.
        scratch: Scratch buffers of the arena's head.
        temporary: Tensors for which ``Prepare`` makes a full struct once more than for those that
            every library looks at (``looked_at``).
    """

    options: str = ""
    init: tuple[int, ...] = ()
    prepare: tuple[int, ...] = ()
    scratch: tuple[int, ...] = ()
    temporary: tuple[TfliteTensor, ...] = ()


@dataclass(frozen=True, slots=True)
class KernelNode:
    """One operator with the tensors around it, in the file's order; None: left out.

    Attributes:
        native: Its type in the words of TFLite.
        op: What the graph says of it.
        inputs, outputs: Its tensors.
        custom: The options of a custom operator.
        channels_first: Ranks of the tensors of the graph whose channels come first, other than in
            the file that it becomes; none where it was read from one.
    """

    native: str
    op: Any
    inputs: tuple[TfliteTensor | None, ...]
    outputs: tuple[TfliteTensor, ...]
    custom: bytes = b""
    channels_first: frozenset[int] = frozenset()

    def input(self, index: int) -> TfliteTensor:
        """An input that the kernel cannot do without.

        Raises:
            LookupError: It is left out.
        """
        tensor = self.inputs[index] if index < len(self.inputs) else None
        if tensor is None:
            raise LookupError(f"input {index} is missing")
        return tensor

    def optional(self, index: int) -> TfliteTensor | None:
        """An input that may be left out."""
        return self.inputs[index] if index < len(self.inputs) else None


def node_of(
    graph: TfliteSubgraph,
    operator: TfliteOperator,
    op: Any,
    channels_first: frozenset[int] = frozenset(),
) -> KernelNode:
    """An operator as kernel rules see it; ``op`` is what the graph says of it."""
    tensors = graph.tensors
    return KernelNode(
        operator.native,
        op,
        tuple([tensors[i] if i >= 0 else None for i in operator.inputs]),
        tuple([tensors[i] for i in operator.outputs]),
        operator.custom,
        channels_first,
    )


Rule = Callable[[KernelNode, Abi], Needs]


def int_array(length: int) -> int:
    """Bytes of a TfLiteIntArray."""
    return 4 * (length + 1)


def plain(options: str = "", data: str = "") -> Rule:
    """The rule of a kernel that asks for no more than its structs.

    Args:
        options: Layout of the parsed options.
        data: Layout of the struct that ``Init`` allocates.
    """

    def rule(node: KernelNode, abi: Abi) -> Needs:
        return Needs(options, init=(abi.sizeof(data),) if data else ())

    return rule


def writable_shape(options: str = "") -> Rule:
    """The rule of a kernel that copies the shape of its first output out of the file."""

    def rule(node: KernelNode, abi: Abi) -> Needs:
        return Needs(options, prepare=(int_array(len(node.outputs[0].shape)),))

    return rule
