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

import itertools
from collections.abc import Mapping, Sequence

from mcugraph.formats.tflite.model import TfliteModel, TfliteTensor
from mcugraph.planning.tflm_greedy import UNPLANNED
from mcugraph.records import dataclass
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

# (subgraph, operator), by index -> what its kernel asks for; what it looks at to be prepared.
AllNeeds = Mapping[tuple[int, int], Needs]
AllLooks = Mapping[tuple[int, int], Sequence[TfliteTensor]]


@dataclass(frozen=True, slots=True)
class Loading:
    """What a model takes, in bytes.

    Attributes:
        tail: What stays at the end of an arena whose end is aligned.
        total: The least arena, aligned at its start, with which loading succeeds.
    """

    tail: int
    total: int


class _Requests:
    """What TFLM asks of an arena, step by step, in bytes.

    What is in use at the arena's start does not depend on its tail, so for each piece of the tail
    it is enough to know how far the start reaches until the next piece is taken.

    Attributes:
        tensor, quantization: Size and alignment of the structs of that name.
    """

    def __init__(self, abi: Abi) -> None:
        self.abi = abi
        self.tensor = abi.measure(_TENSOR)
        self.quantization = abi.measure(_QUANTIZATION)
        self._request = abi.sizeof(_REQUEST)
        self._takes: list[tuple[int, int]] = []  # size and alignment of each piece of the tail
        self._tops: list[int] = []  # how far the start reaches while that is the last piece
        self._end = 0  # of what is in use at the start
        self._tables = (0, 0)  # how many pieces there are by then; the end of the tables

    def take(self, size: int, alignment: int = ALIGNMENT) -> None:
        """A piece of the tail; aligned like this, what goes through AllocatePersistentBuffer."""
        self._takes.append((size, alignment))
        self._tops.append(self._end)

    def struct(self, layout: str, count: int = 1) -> None:
        """An array of structs in the tail."""
        size, alignment = self.abi.measure(layout)
        self.take(count * size, alignment)

    def _reach(self, end: int) -> None:
        self._end = end
        if end > self._tops[-1]:
            self._tops[-1] = end

    def reserve(self, size: int) -> None:
        """The head is so large from now on; there is no temporary memory behind it."""
        self._reach(size)

    def scratch(self, count: int) -> None:
        """The head holds the requests of so many scratch buffers, and room for more."""
        self.reserve((count + _REQUESTS) * self._request)

    def temporary(self, size: int, alignment: int) -> None:
        """Temporary memory, behind what is in use at the start."""
        self._reach(align_up(self._end, alignment) + size)

    def full_tensor(self, tensor: TfliteTensor) -> None:
        """A full TfLiteTensor with its quantisation, in the tail."""
        self.take(*self.tensor)
        if tensor.scales and tensor.zero_points:
            self.take(*self.quantization)
            self.take(int_array(tensor.scales), 4)

    def temporary_tensors(self, tensors: Sequence[TfliteTensor]) -> None:
        """The same of several tensors, in temporary memory."""
        (size, alignment), (more, aligned) = self.tensor, self.quantization
        end = self._end
        for tensor in tensors:
            end = -(-end // alignment) * alignment + size
            if tensor.scales and tensor.zero_points:
                end = -(-end // aligned) * aligned + more
                end = -(-end // 4) * 4 + int_array(tensor.scales)
        self._reach(end)

    def tables(self, size: int) -> None:
        """Tables of the planner, which stand between two aligned addresses."""
        self._tables = (len(self._takes), align_up(self._end, ALIGNMENT) + size)

    def least(self) -> tuple[int, int]:
        """The tail at the end, and the least arena that holds both sides at each moment.

        What is taken first is aligned, so an arena may well end where that may, but not in
        between; the tail at the end is that of one whose end is aligned. However it ends, from the
        first piece on that is aligned like the arena, its pieces lie alike.
        """
        alike = 1 + next(i for i, (_, aligned) in enumerate(self._takes) if aligned == ALIGNMENT)
        after = self._run(0, alike, len(self._takes))
        tails, arenas = [], []
        for behind in range(0, ALIGNMENT, self._takes[0][1]):
            used, most = self._run(-behind, 0, alike)
            tails.append(used + after[0])
            arenas.append(align_up(max(most, used + after[1]), ALIGNMENT) + behind)
        return tails[0], min(arenas)

    def _run(self, used: int, begin: int, end: int) -> tuple[int, int]:
        """What is taken of the tail, and the most that both sides take together at one moment.

        Args:
            used: What is taken of the tail before, counted from the last aligned address.
            begin: The piece that is taken first.
            end: The one before which it stops.
        """
        most = used
        count, tables = self._tables
        for i in range(begin, end):
            if i == count:
                most = max(most, tables + align_up(used, ALIGNMENT))
            size, alignment = self._takes[i]
            used = -(-(used + size) // alignment) * alignment
            top = used + self._tops[i]
            if top > most:
                most = top
        return used, most


def load(
    model: TfliteModel,
    needs: AllNeeds,
    looks: AllLooks,
    variables: int,
    head: int,
    buffers: int,
    abi: Abi,
) -> Loading:
    """What TFLM takes for a model.

    Args:
        model: The model as its file stores it.
        needs: For every operator, in order of subgraphs and operators.
        looks: The tensors that each kernel looks at while it is prepared.
        variables: Number of resource variables.
        head: Bytes that its plan comes to.
        buffers: How many buffers it plans.
        abi: The machine.
    """
    requests = _Requests(abi)
    _create(requests, model, variables)
    _prepare(requests, needs, looks)
    _plan(requests, model, sum(len(need.scratch) for need in needs.values()), buffers)
    requests.reserve(head)
    main = model.subgraphs[0]
    for ends in (main.inputs, main.outputs):
        requests.take(len(ends) * abi.pointer)
        for t in ends:
            requests.full_tensor(main.tensors[t])
    return Loading(*requests.least())


def _create(requests: _Requests, model: TfliteModel, variables: int) -> None:
    requests.struct(_ARENA_ALLOCATOR)
    requests.struct(_PLANNER)
    requests.struct(_ALLOCATOR)
    if variables:
        requests.take(requests.abi.sizeof(_VARIABLES))
        requests.take(variables * requests.abi.sizeof(_VARIABLE))
    requests.struct(_OPTIONS_ALLOCATOR)
    requests.scratch(0)
    requests.struct(_SUBGRAPH, len(model.subgraphs))
    for graph in model.subgraphs:
        requests.struct(EVAL_TENSOR, len(graph.tensors))
    for graph in model.subgraphs:
        requests.struct(_NODE, len(graph.operators))


def _prepare(requests: _Requests, needs: AllNeeds, looks: AllLooks) -> None:
    """Options of all operators, then ``Init`` of all, then ``Prepare`` of one after the other."""
    for need in needs.values():
        if need.options:
            requests.struct(need.options)
    for need in needs.values():
        for size in need.init:
            requests.take(size)
    scratch = 0
    for position, need in needs.items():
        requests.temporary_tensors((*looks[position], *need.temporary))
        for size in need.prepare:
            requests.take(size)
        scratch += len(need.scratch)
        requests.scratch(scratch)


def _plan(requests: _Requests, model: TfliteModel, scratch: int, buffers: int) -> None:
    """Tables of the tensors and for the planner; state is taken in between."""
    if scratch:
        requests.struct(_SCRATCH_HANDLE, scratch)
    tensors = sum(len(graph.tensors) for graph in model.subgraphs)
    for layout, count in (("p", len(model.subgraphs)), (_INFO, tensors + scratch)):
        size, alignment = requests.abi.measure(layout)
        requests.temporary(count * size, alignment)
    for tensor in _variable_tensors(model):
        requests.take(runtime_bytes(tensor))
    requests.tables(buffers * requests.abi.sizeof(_PLANNED))


def _variable_tensors(model: TfliteModel) -> list[TfliteTensor]:
    """Variable tensors that the file's own plan leaves to the tail.

    TFLM looks a tensor up in the plan by its number in its own subgraph, whichever that is
    (``AllocateVariables``).
    """
    offsets = itertools.repeat(UNPLANNED) if model.offsets is None else model.offsets
    return [
        tensor
        for graph in model.subgraphs
        for tensor, offset in zip(graph.tensors, offsets, strict=False)
        if tensor.variable and offset == UNPLANNED
    ]
