"""Which buffers TFLM plans, and when each is needed: the twin of ``AllocationInfoBuilder``.

Source: tensorflow/lite/micro/micro_allocation_info.cc and ``CommitStaticMemoryPlan`` of
micro_allocator.cc. Time counts scopes: every operator opens one, and so does every subgraph that
a control operator calls. Quirks that are kept, since they decide the size of the arena:

- a tensor that is never written, or that belongs to a subgraph which nothing calls, is planned
  all the same, at time -1 (through its last reader);
- a tensor that is written twice, or in a subgraph that is called twice, is needed from the first
  time through the last;
- a graph output stays to the end of its subgraph, and an unread one is planned too;
- a handle of a variable lies in the data of the kernel that makes it;
- four-bit tensors are planned with a byte an element.
"""

from collections.abc import Mapping, Sequence

from mcugraph.formats.tflite.model import TfliteModel, TfliteTensor
from mcugraph.ir import DType
from mcugraph.planning.tflm_greedy import UNPLANNED, Buffer
from mcugraph.tflm.abi import align_up

# ``MicroArenaBufferAlignment``: bytes to which TFLM rounds every buffer.
ALIGNMENT = 16

# Subgraph and operator, by index -> the scratch buffers that its kernel asks for, in bytes.
Scratch = Mapping[tuple[int, int], Sequence[int]]

_CONTROL = ("IF", "WHILE", "CALL_ONCE")
_NEVER = -1
_INT4 = DType.INT4


def buffers(model: TfliteModel, scratch: Scratch) -> list[Buffer]:
    """What the memory planner gets: tensors of all subgraphs, then scratch buffers.

    Both are in the order in which TFLM hands them over, which decides between equal sizes.
    """
    clock = _Clock(model)
    clock.run(0)
    plan: list[Buffer] = []
    start = 0  # number of a subgraph's first tensor
    for g, graph in enumerate(model.subgraphs):
        handles = {t for op in graph.operators if op.native == "VAR_HANDLE" for t in op.outputs}
        begins, ends = clock.first[g], clock.last[g]
        for t, tensor in enumerate(graph.tensors):
            if tensor.constant and not tensor.behind:
                continue
            offset = UNPLANNED if model.offsets is None else model.offsets[start + t]
            needed = not tensor.variable or offset != UNPLANNED
            size = align_up(runtime_bytes(tensor), ALIGNMENT)
            if needed and t not in handles and size:
                plan.append(Buffer(size, begins[t], ends[t], offset, start + t))
        start += len(graph.tensors)
    for operator, sizes in scratch.items():
        first, last = clock.operators.get(operator, (_NEVER, _NEVER))
        plan += [Buffer(align_up(size, ALIGNMENT), first, last) for size in sizes]
    return plan


def runtime_bytes(tensor: TfliteTensor) -> int:
    """Bytes that TFLM counts for a tensor (``TfLiteEvalTensorByteLength``)."""
    return tensor.elements if tensor.dtype is _INT4 else tensor.nbytes


class _Clock:
    """Walks the subgraphs as they are run and notes when each tensor is first and last needed."""

    def __init__(self, model: TfliteModel) -> None:
        self.model = model
        self.now = 0
        self.first = [[_NEVER] * len(graph.tensors) for graph in model.subgraphs]
        self.last = [[_NEVER] * len(graph.tensors) for graph in model.subgraphs]
        self.operators: dict[tuple[int, int], tuple[int, int]] = {}
        self.running: set[int] = set()

    def run(self, index: int) -> None:
        """One call of a subgraph."""
        if index in self.running:  # a file that calls itself; TFLM would never return
            return
        self.running.add(index)
        graph = self.model.subgraphs[index]
        self._create(index, graph.inputs)
        for position, operator in enumerate(graph.operators):
            self.now += 1
            self._create(index, operator.outputs)
            start = self.now
            if operator.native in _CONTROL:
                for body in operator.bodies:
                    self.now += 1
                    self.run(body)
            self._use(index, (*operator.inputs, *operator.outputs))
            earlier = self.operators.get((index, position))
            self.operators[index, position] = (start if earlier is None else earlier[0], self.now)
        self._create(index, graph.outputs)
        self.running.remove(index)

    def _create(self, index: int, tensors: Sequence[int]) -> None:
        first, last, now = self.first[index], self.last[index], self.now
        for t in tensors:
            if t >= 0:
                last[t] = now
                if first[t] == _NEVER:
                    first[t] = now

    def _use(self, index: int, tensors: Sequence[int]) -> None:
        last, now = self.last[index], self.now
        for t in tensors:
            if t >= 0:
                last[t] = now
