"""How much of TFLM's arena a model takes: its head, and its tail on a host and on a device."""

from collections.abc import Mapping
from dataclasses import dataclass

from mcugraph.planning.tflm_greedy import place
from mcugraph.tflm.abi import DEVICE, HOST
from mcugraph.tflm.kernels import KernelNode, refusal
from mcugraph.tflm.lifetimes import buffers
from mcugraph.tflm.loaded import Position, TflmProgram, needs_of, variable_of
from mcugraph.tflm.persistent import tail


@dataclass(frozen=True, slots=True)
class TflmFootprint:
    """What a model takes of TFLM's arena, in bytes.

    Attributes:
        arena: The head: activations and kernel scratch, as the greedy planner lays them out.
        persistent: The tail on a device with 32-bit pointers, by TFLM's default build.
        persistent_host: The tail on the 64-bit host that TFLM's Python wheel reports.
        refusals: Why TFLM would not load the model, one sentence each.
    """

    arena: int
    persistent: int
    persistent_host: int
    refusals: tuple[str, ...] = ()


def footprint(program: TflmProgram) -> TflmFootprint:
    """What TensorFlow Lite Micro takes for a model, with its reference kernels.

    The figures are those of the sources of October 2026 (wheel 0.dev20261023182759); kernels
    for one vendor's cores may ask for more scratch.
    """
    model, nodes = program.model, program.nodes
    device, _ = needs_of(nodes, DEVICE)
    variables = len({name for node in nodes.values() if (name := variable_of(node, "var_handle"))})
    return TflmFootprint(
        place(buffers(model, program.scratch)).arena,
        tail(model, device, variables, DEVICE),
        tail(model, program.needs, variables, HOST),
        _refusals(nodes),
    )


def _refusals(nodes: Mapping[Position, KernelNode]) -> tuple[str, ...]:
    """A sentence for each reason why TFLM would not load the model."""
    reasons = dict.fromkeys(filter(None, map(refusal, nodes.values())))
    return tuple(
        f"TFLM does not load this model, since {reason}; its figures are those without that check"
        for reason in reasons
    )
