"""What loading a model takes of TFLM's arena, in the order in which TFLM asks for it.

What stays is taken from the arena's end downwards, its "tail"; the order matters, since every
allocation is aligned from the one before. From the start upwards lie, one after the other, the
requests for scratch buffers with the temporary memory of the kernel that is being prepared, the
tables of the planner, and the head that it has planned. A model may so need more while it loads
than head and tail come to in the end. TFLM does not check that what a kernel takes of the tail
stays clear of its temporary memory, but a kernel that still reads there then breaks.

Sources: tensorflow/lite/micro/micro_allocator.cc, micro_interpreter.cc, micro_allocation_info.cc,
recording_micro_allocator.cc, micro_resource_variable.cc, memory_planner/greedy_memory_planner.h,
arena_allocator/single_arena_buffer_allocator.cc.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
_TENSOR = "(ep)2i3p2eb"  # TfLiteTensor with TF_LITE_STATIC_MEMORY
_QUANTIZATION = "2pi"  # TfLiteAffineQuantization
_VARIABLES = "p2i"  # MicroResourceVariables
_VARIABLE = "4pb"  # MicroResourceVariable: names, buffer, bytes, default value

_REQUEST = "p2i"  # ScratchBufferRequest
_REQUESTS = 12  # kMaxScratchBuffersPerOp: so many are always free for the next kernel
_INFO = "2p3ib"  # AllocationInfo
# GreedyMemoryPlanner::per_buffer_size: requirements, two sorted tables, list entry, offset.
_PLANNED = "10i"

# (subgraph, operator), by index -> what its kernel asks for.
AllNeeds = Mapping[tuple[int, int], Needs]


@dataclass(frozen=True, slots=True)
class Loading:
    """What a model takes, in bytes.

    Attributes:
        tail: What stays at the end of an arena whose end is aligned.
        total: The least arena, aligned at its start, with which loading succeeds.
    """

    tail: int
    total: int


class _LoadingArena:
    """An arena while a model is loaded.

    Attributes:
        used: Bytes of its tail, counted from the last aligned address.
        least: The most that both sides took together at one moment.
    """

    def __init__(self, abi: Abi, behind: int) -> None:
        """``behind``: how many bytes the arena goes on behind its last aligned address."""
        self.abi = abi
        self.used = -behind
        self.least = 0
        self._end = 0  # of what is in use at the start

    def reserve(self, size: int) -> None:
        """The head is so large from now on, and there is no temporary memory behind it."""
        self._end = size
        self.least = max(self.least, size + self.used)

    def take(self, size: int, alignment: int) -> None:
        """Memory of the tail."""
        self.used = align_up(self.used + size, alignment)
        self.least = max(self.least, self._end + self.used)

    def struct(self, layout: str, count: int = 1) -> None:
        """An array of structs in the tail."""
        self.take(count * self.abi.sizeof(layout), self.abi.alignof(layout))

    def buffer(self, size: int) -> None:
        """What goes through ``AllocatePersistentBuffer``."""
        self.take(size, ALIGNMENT)

    def requests(self, count: int) -> None:
        """The head holds the requests of so many scratch buffers, and room for more."""
        self.reserve((count + _REQUESTS) * self.abi.sizeof(_REQUEST))

    def temporary(self, layout: str, count: int = 1) -> None:
        """An array of structs in temporary memory."""
        start = align_up(self._end, self.abi.alignof(layout))
        self._end = start + count * self.abi.sizeof(layout)
        self.least = max(self.least, self._end + self.used)

    def tables(self, count: int) -> None:
        """The planner's, for so many buffers, in what is left between two aligned addresses."""
        both = align_up(self._end, ALIGNMENT) + align_up(self.used, ALIGNMENT)
        self.least = max(self.least, both + count * self.abi.sizeof(_PLANNED))


def load(
    model: TfliteModel, needs: AllNeeds, variables: int, head: int, buffers: int, abi: Abi
) -> Loading:
    """What TFLM takes for a model.

    Args:
        model: The model as its file stores it.
        needs: For every operator, in order of subgraphs and operators.
        variables: Number of resource variables.
        head: Bytes that its plan comes to.
        buffers: How many buffers it plans.
        abi: The machine.
    """
    arenas = {behind: _LoadingArena(abi, behind) for behind in range(0, ALIGNMENT, 4)}
    for arena in arenas.values():
        _create(arena, model, variables)
        _prepare(arena, needs)
        _plan(arena, model, sum(len(need.scratch) for need in needs.values()), buffers)
        arena.reserve(head)
        main = model.subgraphs[0]
        for ends in (main.inputs, main.outputs):
            _interface(arena, [main.tensors[t] for t in ends])
    total = min(align_up(arena.least, ALIGNMENT) + behind for behind, arena in arenas.items())
    return Loading(arenas[0].used, total)


def _create(arena: _LoadingArena, model: TfliteModel, variables: int) -> None:
    arena.struct(_ARENA_ALLOCATOR)
    arena.struct(_PLANNER)
    arena.struct(_ALLOCATOR)
    if variables:
        arena.buffer(arena.abi.sizeof(_VARIABLES))
        arena.buffer(variables * arena.abi.sizeof(_VARIABLE))
    arena.struct(_OPTIONS_ALLOCATOR)
    arena.requests(0)
    arena.struct(_SUBGRAPH, len(model.subgraphs))
    for graph in model.subgraphs:
        arena.struct(EVAL_TENSOR, len(graph.tensors))
    for graph in model.subgraphs:
        arena.struct(_NODE, len(graph.operators))


def _prepare(arena: _LoadingArena, needs: AllNeeds) -> None:
    """Options of all operators, then ``Init`` of all, then ``Prepare`` of one after the other."""
    for need in needs.values():
        if need.options:
            arena.struct(need.options)
    for need in needs.values():
        for size in need.init:
            arena.buffer(size)
    requested = 0
    for need in needs.values():
        for tensor in need.temporary:
            _temporary_tensor(arena, tensor)
        for size in need.prepare:
            arena.buffer(size)
        requested += len(need.scratch)
        arena.requests(requested)


def _temporary_tensor(arena: _LoadingArena, tensor: TfliteTensor) -> None:
    """A full TfLiteTensor, which TFLM lets go only when the kernel is prepared."""
    arena.temporary(_TENSOR)
    if tensor.scales and tensor.zero_points:
        arena.temporary(_QUANTIZATION)
        arena.temporary("i", tensor.scales + 1)


def _plan(arena: _LoadingArena, model: TfliteModel, scratch: int, buffers: int) -> None:
    """Tables of the tensors and for the planner; state is taken in between."""
    if scratch:
        arena.struct(_SCRATCH_HANDLE, scratch)
    arena.temporary("p", len(model.subgraphs))
    arena.temporary(_INFO, len(model.tensors) + scratch)
    for tensor in _variable_tensors(model):
        arena.buffer(runtime_bytes(tensor))
    arena.tables(buffers)


def _variable_tensors(model: TfliteModel) -> list[TfliteTensor]:
    """Variable tensors that the file's own plan leaves to the tail."""
    offsets = model.offsets or (UNPLANNED,) * len(model.tensors)
    return [
        tensor
        for tensor, offset in zip(model.tensors, offsets, strict=True)
        if tensor.variable and offset == UNPLANNED
    ]


def _interface(arena: _LoadingArena, tensors: Sequence[TfliteTensor]) -> None:
    """The full TfLiteTensor of every input or output that the application gets to see."""
    arena.buffer(len(tensors) * arena.abi.pointer)
    for tensor in tensors:
        arena.struct(_TENSOR)
        if tensor.scales and tensor.zero_points:
            arena.struct(_QUANTIZATION)
            arena.take(int_array(tensor.scales), 4)
