"""TFLM's persistent memory: everything it allocates from the tail of its arena, in order.

The order matters, since every allocation is aligned downwards from the one before. Sources:
tensorflow/lite/micro/micro_allocator.cc, micro_interpreter.cc, recording_micro_allocator.cc,
micro_resource_variable.cc, arena_allocator/single_arena_buffer_allocator.cc.
"""

from collections.abc import Mapping, Sequence

from mcugraph.formats.tflite.model import TfliteModel, TfliteTensor
from mcugraph.planning.tflm_greedy import UNPLANNED
from mcugraph.tflm.abi import Abi, align_up
from mcugraph.tflm.kernels.linear import EVAL_TENSOR
from mcugraph.tflm.kernels.needs import Needs, int_array
from mcugraph.tflm.lifetimes import ALIGNMENT, runtime_bytes

# SingleArenaBufferAllocator: two vtables, five positions, a checksum, a count.
_ARENA_ALLOCATOR = "2p5ppi<4p>"
# GreedyMemoryPlanner: vtable, counts, four tables, list positions, offsets, a flag.
_PLANNER = "p2i4p2ipb"
# MicroAllocator: vtable and four objects, a flag, requests, head, largest plan. Recording:
# {requested, used, count} for each of eight kinds of allocation, and the arena allocator.
_ALLOCATOR = "5pb3p<24pp>"
_OPTIONS_ALLOCATOR = "2p"  # MicroBuiltinDataAllocator
_SUBGRAPH = "2p[p]"  # SubgraphAllocations: nodes, tensors, compressed tensors
_NODE = "(6pi)p"  # NodeAndRegistration: TfLiteNode and the pointer to its registration
_SCRATCH_HANDLE = "p"
_TENSOR = "(ip)2p2ip2ib"  # TfLiteTensor with TF_LITE_STATIC_MEMORY
_QUANTIZATION = "2pi"  # TfLiteAffineQuantization
_VARIABLES = "p2i"  # MicroResourceVariables
_VARIABLE = "4pb"  # MicroResourceVariable: names, buffer, bytes, default value

# (subgraph, operator), by index -> what its kernel asks for.
AllNeeds = Mapping[tuple[int, int], Needs]


class _Tail:
    """The tail of an arena whose end is aligned."""

    def __init__(self, abi: Abi) -> None:
        self.abi = abi
        self.used = 0

    def take(self, size: int, alignment: int) -> None:
        self.used = align_up(self.used + size, alignment)

    def struct(self, layout: str, count: int = 1) -> None:
        """An array of structs."""
        self.take(count * self.abi.sizeof(layout), self.abi.alignof(layout))

    def buffer(self, size: int) -> None:
        """What goes through ``AllocatePersistentBuffer``."""
        self.take(size, ALIGNMENT)


def tail(model: TfliteModel, needs: AllNeeds, variables: int, abi: Abi) -> int:
    """Bytes of the tail.

    Args:
        model: The model as its file stores it.
        needs: For every operator, in order of subgraphs and operators.
        variables: Number of resource variables.
        abi: The machine.
    """
    arena = _Tail(abi)
    arena.struct(_ARENA_ALLOCATOR)
    arena.struct(_PLANNER)
    arena.struct(_ALLOCATOR)
    if variables:
        arena.buffer(abi.sizeof(_VARIABLES))
        arena.buffer(variables * abi.sizeof(_VARIABLE))
    arena.struct(_OPTIONS_ALLOCATOR)
    arena.struct(_SUBGRAPH, len(model.subgraphs))
    for graph in model.subgraphs:
        arena.struct(EVAL_TENSOR, len(graph.tensors))
    for graph in model.subgraphs:
        arena.struct(_NODE, len(graph.operators))
    for need in needs.values():
        if need.options:
            arena.struct(need.options)
    for need in needs.values():
        for size in need.init:
            arena.buffer(size)
    for need in needs.values():
        for size in need.prepare:
            arena.buffer(size)
    handles = sum(len(need.scratch) for need in needs.values())
    if handles:
        arena.struct(_SCRATCH_HANDLE, handles)
    for tensor in _variable_tensors(model):
        arena.buffer(runtime_bytes(tensor))
    main = model.subgraphs[0]
    for ends in (main.inputs, main.outputs):
        _interface(arena, [main.tensors[t] for t in ends])
    return arena.used


def _variable_tensors(model: TfliteModel) -> list[TfliteTensor]:
    """Variable tensors that the file's own plan leaves to the tail."""
    offsets = model.offsets or (UNPLANNED,) * len(model.tensors)
    return [
        tensor
        for tensor, offset in zip(model.tensors, offsets, strict=True)
        if tensor.variable and offset == UNPLANNED
    ]


def _interface(arena: _Tail, tensors: Sequence[TfliteTensor]) -> None:
    """The full TfLiteTensor of every input or output that the application gets to see."""
    arena.buffer(len(tensors) * arena.abi.pointer)
    for tensor in tensors:
        arena.struct(_TENSOR)
        if tensor.scales and tensor.zero_points:
            arena.struct(_QUANTIZATION)
            arena.take(int_array(tensor.scales), 4)
