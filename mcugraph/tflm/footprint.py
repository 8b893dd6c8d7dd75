"""How much of TFLM's arena a model takes: head, tail, and what it has to be given to load."""

from mcugraph.planning.tflm_greedy import UNPLANNED, Placement, place
from mcugraph.records import dataclass, replace
from mcugraph.tflm.abi import HOST, Abi, find_abi
from mcugraph.tflm.allocator import AllNeeds, Loading, load
from mcugraph.tflm.kernels import RULES, looked_at
from mcugraph.tflm.lifetimes import Scratch, buffers
from mcugraph.tflm.loaded import TflmProgram, needs_of, variable_of


@dataclass(frozen=True, slots=True)
class TflmFootprint:
    """What a model takes of TFLM's arena, in bytes.

    Attributes:
        arena: The head: activations and kernel scratch, as the greedy planner lays them out.
        persistent: The tail on the device, by TFLM's default build.
        total: The least arena with which the device loads the model: head and tail, less up to 15
            bytes of padding, or more where loading needs more for a moment.
        persistent_host: The tail on the 64-bit host that TFLM's Python wheel reports.
        total_host: The least arena with which the wheel loads the model.
    """

    arena: int
    persistent: int
    total: int
    persistent_host: int
    total_host: int


def footprint(program: TflmProgram) -> TflmFootprint:
    """What TensorFlow Lite Micro takes for a model.

    The device's figures are those of the sources of August 2026 (tflite-micro at 90b983c), those
    of the host, whose kernels are always the reference ones, of wheel 0.dev20261023182759.
    """
    needs, _ = needs_of(program.nodes, HOST, RULES)
    host_scratch = {position: need.scratch for position, need in needs.items()}
    head = _head(program, program.scratch)
    host = head if host_scratch == program.scratch else _head(program, host_scratch)
    loader = _Loader(program)
    on_device = loader.of(program.needs, head.arena, len(head.offsets), find_abi(program.abi))
    on_host = loader.of(needs, host.arena, len(host.offsets), HOST)
    return TflmFootprint(head.arena, on_device.tail, on_device.total, on_host.tail, on_host.total)


def total_with_plan(program: TflmProgram, arena: int) -> int:
    """The least arena with which the device loads a model that brings along a plan."""
    return loading_with_plan(program, arena).total


def loading_with_plan(program: TflmProgram, arena: int) -> Loading:
    """What the device takes to load a model that brings along a plan.

    Args:
        program: What it loads.
        arena: Bytes of the head with that plan.
    """
    offsets = (UNPLANNED,) * len(program.model.tensors)
    planned = replace(program, model=replace(program.model, offsets=offsets))
    buffered = len(buffers(planned.model, planned.scratch))
    device = find_abi(planned.abi)
    return _Loader(planned).of(planned.needs, arena, buffered, device)


class _Loader:
    """A program as TFLM's allocator loads it, whatever its kernels need where."""

    def __init__(self, program: TflmProgram) -> None:
        nodes = program.nodes
        self._model = program.model
        self._looks = {position: looked_at(node) for position, node in nodes.items()}
        names = (variable_of(node, "var_handle") for node in nodes.values())
        self._variables = len({name for name in names if name})

    def of(self, needs: AllNeeds, arena: int, buffered: int, abi: Abi) -> Loading:
        """What it takes with these needs, and so many bytes and buffers of the head."""
        return load(self._model, needs, self._looks, self._variables, arena, buffered, abi)


def head_arena(program: TflmProgram) -> int:
    """Bytes of the head alone, as the greedy planner lays it out."""
    return _head(program, program.scratch).arena


def _head(program: TflmProgram, scratch: Scratch) -> Placement:
    return place(buffers(program.model, scratch))
