"""What a kernel of the runtime is to the code generator, and what it may ask about an operator.

A kernel is one file of C in ``mcugraph/codegen/runtime/``, one class here, and one row in the table
of ``mcugraph/codegen/kernels/__init__.py``. The class says which operators it takes, what the C
function is called with, how much scratch it needs, and how far its output may lie over its inputs.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import UnionType
from typing import Any

import numpy as np

from mcugraph.codegen.c_program import KernelCall
from mcugraph.errors import GraphError
from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import Array, DType
from mcugraph.tflm.kernels.needs import KernelNode

OTHER_TYPES = "its types are "  # how refusals of operators of other types than a kernel's begin
# What names in C end in, by the type of elements.
SUFFIXES = {DType.INT8: "s8", DType.INT16: "s16", DType.INT32: "s32", DType.FLOAT32: "f32"}
DOUBLE, SINGLE = "tflm", "litert"
ROUNDINGS = (DOUBLE, SINGLE)


class Kernel(ABC):
    """One kernel of the runtime.

    Attributes:
        files: The files of the runtime that it needs, without their endings: C and header each.
        headers: Headers of the runtime that stand alone, likewise.
        computes: The type of the elements that it computes with; None: it only moves elements, of
            any type.
    """

    files: tuple[str, ...]
    computes: DType | None = None
    headers: tuple[str, ...] = ()

    @abstractmethod
    def refusal(self, node: KernelNode) -> str | None:
        """Why it cannot run an operator, as the end of a sentence; None: it can.

        It holds types, ranks, quantisation and attributes against what the C code knows. What it
        raises (``GraphError``, ``LookupError``) is a refusal, too.
        """

    @abstractmethod
    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        """The call that runs an operator, of one that it does not refuse.

        Args:
            node: The operator with its tensors, the constants among them with their values.
            rounding: One of ``ROUNDINGS``.
        """

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        """How far the output has to begin before each input that it may lie over, in bytes.

        By position of the input; as ``mcugraph.tflm.kernels.access`` has it: the largest of (bytes
        up to the last one written before a read) - (the byte that is read). Inputs that are left
        out may not be touched. The same for all builds of the kernel, portable or not.
        """
        return {}

    def scratch(self, node: KernelNode) -> int:
        """Bytes of scratch memory; the same for all builds of the kernel."""
        return 0


class Alias(Kernel):
    """No kernel at all: the result is the operand, byte for byte, so both are one value."""

    files = ()

    def refusal(self, node: KernelNode) -> str | None:
        same = node.input(0).nbytes == node.outputs[0].nbytes
        return None if same else "its result is not as large as its operand"

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        raise AssertionError("an alias is never called")


class Omitted(Kernel):
    """No kernel at all: nothing is left to do while the model runs."""

    files = ()

    def refusal(self, node: KernelNode) -> str | None:
        return None

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        raise AssertionError("what is left out is never called")


def constant(tensor: TfliteTensor) -> Array:
    """The value of a constant, in its shape; of four bits a number as int8.

    Raises:
        GraphError: It is no constant, or its bytes are not at hand.
    """
    if tensor.dtype is DType.INT4 and tensor.data is not None:
        return _of_four_bits(tensor)
    dtype = tensor.dtype.numpy
    if tensor.data is None or dtype is None:
        raise GraphError(f"the value of tensor {tensor.name!r} is not at hand")
    data = np.frombuffer(tensor.data, dtype.newbyteorder("<"))
    if data.size != tensor.elements:
        raise GraphError(f"tensor {tensor.name!r} has {data.size} elements, not {tensor.elements}")
    return data.astype(dtype).reshape(tensor.shape)


def _of_four_bits(tensor: TfliteTensor) -> Array:
    """Two numbers a byte, the first one in its lower bits (``UnpackDenseInt4IntoInt8`` of TFLM)."""
    data = np.frombuffer(tensor.data or b"", np.int8)
    if data.size != -(-tensor.elements // 2):
        raise GraphError(
            f"tensor {tensor.name!r} has {data.size} bytes for {tensor.elements} halves"
        )
    pairs = np.stack([(data << 4) >> 4, data >> 4], 1)
    return pairs.reshape(-1)[: tensor.elements].reshape(tensor.shape)


def scales(tensor: TfliteTensor) -> Array:
    """The scales of a quantised tensor, in single precision, as the file has them.

    Raises:
        GraphError: It has none.
    """
    found = tensor.scale_values
    if found is None or not len(found):
        raise GraphError(f"tensor {tensor.name!r} has no scale")
    return np.asarray(found, np.float32)


def scale(tensor: TfliteTensor) -> np.float32:
    """The one scale of a tensor that is quantised as a whole.

    Raises:
        GraphError: It has none, or several.
    """
    found = scales(tensor)
    if len(found) != 1:
        raise GraphError(f"tensor {tensor.name!r} has {len(found)} scales")
    return np.float32(found[0])


def zero_point(tensor: TfliteTensor) -> int:
    """The zero point of a tensor that is quantised as a whole; 0 where it has none.

    Raises:
        GraphError: It has several that differ.
    """
    found = tensor.zero_point_values
    if found is None or not len(found):
        return 0
    if len(set(found.tolist())) > 1:
        raise GraphError(f"tensor {tensor.name!r} has several zero points")
    return int(found[0])


def dtypes(node: KernelNode) -> tuple[DType | None, ...]:
    """The element types of the inputs, and then of the outputs; None: left out."""
    return (
        *(None if tensor is None else tensor.dtype for tensor in node.inputs),
        *(tensor.dtype for tensor in node.outputs),
    )


def unlike(node: KernelNode, *expected: DType | None) -> str | None:
    """A refusal where the types of inputs and outputs are not as expected; None: they are.

    Inputs that are left out at the end match ``None``.
    """
    inputs = tuple(None if tensor is None else tensor.dtype for tensor in node.inputs)
    missing = len(expected) - len(inputs) - len(node.outputs)
    found = (*inputs, *(None,) * missing, *(tensor.dtype for tensor in node.outputs))
    if len(found) == len(expected) and all(
        one is other for one, other in zip(found, expected, strict=True)
    ):
        return None
    said = ", ".join("nothing" if dtype is None else dtype.label for dtype in found)
    return f"{OTHER_TYPES}{said}"


def refused_scales(*tensors: TfliteTensor) -> str | None:
    """A refusal where tensors differ in type, scale or zero point; None: they do not."""
    first = tensors[0]
    for other in tensors[1:]:
        if other.dtype is not first.dtype:
            return f"it makes {other.dtype.label} of {first.dtype.label}"
        quantised = (first.scale_values is None, other.scale_values is None)
        if not any(quantised) and (
            scales(other).tolist() != scales(first).tolist()
            or zero_point(other) != zero_point(first)
        ):
            return "its operands and its result are quantised differently"
    return None


def attributes(node: KernelNode, kind: type[Any] | UnionType) -> Any:
    """What the graph says of an operator.

    Raises:
        GraphError: It is not of the kind that the kernel knows.
    """
    if not isinstance(node.op, kind):
        raise GraphError(f"{node.native} is not known as {getattr(kind, '__name__', kind)}")
    return node.op
