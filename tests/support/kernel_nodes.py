"""Operators with tensors around them, as rules about kernels see them."""

from collections.abc import Iterable, Sequence
from typing import Any

from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import DType
from mcugraph.tflm.kernels import KernelNode
from mcugraph.tflm.kernels.access import overlaps
from support.kernel_traces.steps import Step, spoils, unclipped_lead


def tensor(name: str, shape: Sequence[int], dtype: DType = DType.INT8, **more: Any) -> TfliteTensor:
    return TfliteTensor(dtype, tuple(shape), name, **more)


def weights(shape: Sequence[int], dtype: DType = DType.INT8) -> TfliteTensor:
    return tensor("weights", shape, dtype, constant=True)


def node(
    native: str, op: Any, inputs: Sequence[TfliteTensor | None], result: TfliteTensor
) -> KernelNode:
    return KernelNode(native, op, tuple(inputs), (result,))


def leads(kernel: KernelNode, kernels: str = "reference") -> dict[int, int]:
    """The lead of each input that the output may lie over."""
    return {overlap.input: overlap.lead for overlap in overlaps(kernel, kernels)}


def check_lead(
    kernel: KernelNode, which: int, steps: Iterable[Step], kernels: str = "reference"
) -> None:
    """Hold what the rule says of an input against a trace of the kernel."""
    steps = list(steps)
    data, result = kernel.input(which), kernel.outputs[0]
    read, written = data.dtype.bits // 8, result.dtype.bits // 8
    apart = result.nbytes
    exact = unclipped_lead(steps, which, read, written)
    wanted = max(0, exact or 0)
    lead = leads(kernel, kernels).get(which, apart)
    assert lead == min(wanted, apart)
    assert not spoils(steps, which, read, written, lead)
    if exact is not None and exact >= 0:
        assert spoils(steps, which, read, written, exact - 1)
