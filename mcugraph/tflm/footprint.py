"""How much of TFLM's arena a model takes: head, tail, and what it has to be given to load."""

from collections.abc import Mapping
from dataclasses import dataclass

from mcugraph.planning.tflm_greedy import place
from mcugraph.tflm.abi import HOST, Abi, find_abi
from mcugraph.tflm.allocator import Loading, load
from mcugraph.tflm.kernels import RULES, KernelNode, Needs, refusal
from mcugraph.tflm.lifetimes import buffers
from mcugraph.tflm.loaded import Position, TflmProgram, needs_of, variable_of


@dataclass(frozen=True, slots=True)
class TflmFootprint:
    """What a model takes of TFLM's arena, in bytes.

    Attributes:
        arena: The head: activations and kernel scratch, as the greedy planner lays them out.
        persistent: The tail on the device, by TFLM's default build.
        total: The least arena with which the device loads the model: head and tail, or more
            where loading needs more for a moment.
        persistent_host: The tail on the 64-bit host that TFLM's Python wheel reports.
        total_host: The least arena with which the wheel loads the model.
        refusals: Why TFLM would not load the model, one sentence each.
    """

    arena: int
    persistent: int
    total: int
    persistent_host: int
    total_host: int
    refusals: tuple[str, ...] = ()


def footprint(program: TflmProgram) -> TflmFootprint:
    """What TensorFlow Lite Micro takes for a model.

    The device's figures are those of the sources of August 2026 (tflite-micro at 90b983c), those
    of the host, whose kernels are always the reference ones, of wheel 0.dev20261023182759.
    """
    head, device = _load(program, program.needs, find_abi(program.abi))
    needs, _ = needs_of(program.nodes, HOST, RULES)
    _, host = _load(program, needs, HOST)
    refusals = _refusals(program.nodes)
    return TflmFootprint(head, device.tail, device.total, host.tail, host.total, refusals)


def _load(program: TflmProgram, needs: Mapping[Position, Needs], abi: Abi) -> tuple[int, Loading]:
    """The head, and what loading takes."""
    planned = buffers(program.model, {at: need.scratch for at, need in needs.items()})
    head = place(planned).arena
    nodes = program.nodes.values()
    variables = len({name for node in nodes if (name := variable_of(node, "var_handle"))})
    return head, load(program.model, needs, variables, head, len(planned), abi)


def _refusals(nodes: Mapping[Position, KernelNode]) -> tuple[str, ...]:
    """A sentence for each reason why TFLM would not load the model."""
    reasons = dict.fromkeys(filter(None, map(refusal, nodes.values())))
    return tuple(
        f"TFLM does not load this model, since {reason}; its figures are those without that check"
        for reason in reasons
    )
