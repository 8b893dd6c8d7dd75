"""Which buffers TFLM plans, and when each is needed: the twin of ``AllocationInfoBuilder``.

Source: tensorflow/lite/micro/micro_allocation_info.cc and ``CommitStaticMemoryPlan`` of
micro_allocator.cc. Time counts scopes: every operator opens one, and so does every subgraph that
a control operator calls. Quirks that are kept, since they decide the size of the arena:

- a tensor that is never written, or that belongs to a subgraph which nothing calls, is planned
  all the same, at time -1 (through its last reader);
- a graph output stays to the end of its subgraph, an unread one too;
- a subgraph that is called twice is planned for the last call alone.
"""

from collections.abc import Mapping, Sequence

from mcugraph.ir.stored import StoredModel
from mcugraph.memory.tflm.abi import align_up
from mcugraph.memory.tflm.planner import UNPLANNED, Buffer

# ``MicroArenaBufferAlignment``: bytes to which TFLM rounds every buffer.
ALIGNMENT = 16

# Subgraph and operator, by index -> the scratch buffers that its kernel asks for, in bytes.
Scratch = Mapping[tuple[int, int], Sequence[int]]

_CONTROL = ("IF", "WHILE", "CALL_ONCE")
_NEVER = -1


def buffers(model: StoredModel, scratch: Scratch) -> list[Buffer]:
    """What the memory planner gets: tensors of all subgraphs, then scratch buffers.

    Both are in the order in which TFLM hands them over, which decides between equal sizes.
    """
    clock = _Clock(model)
    clock.run(0)
    plan: list[Buffer] = []
    position = 0
    for g, graph in enumerate(model.subgraphs):
        for t, tensor in enumerate(graph.tensors):
            offset = UNPLANNED if model.offsets is None else model.offsets[position]
            position += 1
            needed = not tensor.constant and (not tensor.variable or offset != UNPLANNED)
            if needed and tensor.nbytes:
                first, last = clock.tensors[g][t]
                plan.append(Buffer(align_up(tensor.nbytes, ALIGNMENT), first, last, offset))
    for operator, sizes in scratch.items():
        first, last = clock.operators.get(operator, (_NEVER, _NEVER))
        plan += [Buffer(align_up(size, ALIGNMENT), first, last) for size in sizes]
    return plan


class _Clock:
    """Walks the subgraphs as they are run and notes when each tensor is first and last needed."""

    def __init__(self, model: StoredModel) -> None:
        self.model = model
        self.now = 0
        self.tensors = [[(_NEVER, _NEVER)] * len(g.tensors) for g in model.subgraphs]
        self.operators: dict[tuple[int, int], tuple[int, int]] = {}

    def run(self, index: int) -> None:
        graph, times = self.model.subgraphs[index], self.tensors[index]
        for t in (*graph.inputs, *graph.outputs):
            times[t] = (self.now, self.now)
        for position, operator in enumerate(graph.operators):
            self.now += 1
            for t in operator.outputs:
                times[t] = (self.now, self.now)
            start = self.now
            if operator.native in _CONTROL:
                for body in operator.bodies:
                    self.now += 1
                    self.run(body)
            for t in (*operator.inputs, *operator.outputs):
                if t >= 0:
                    times[t] = (times[t][0], self.now)
            self.operators[index, position] = (start, self.now)
        for t in graph.outputs:
            times[t] = (times[t][0], self.now)
