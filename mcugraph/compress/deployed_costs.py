"""What a model takes on a device, as the C code of `mcugraph.deploy` has it."""

from mcugraph.codegen.building import build
from mcugraph.codegen.cores import find_target
from mcugraph.codegen.kernels.contract import DOUBLE
from mcugraph.codegen.project import facts
from mcugraph.ir import Graph
from mcugraph.profiler import profile
from mcugraph.records import dataclass

_SECONDS = 2.0  # for the search of an order, and for that of a plan


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """How the weights of a layer lie in flash.

    Attributes:
        operator: Its name in the file.
        form: ``"dense"``, ``"crs"``, ``"bitmap"``, a pattern such as ``"2:4"`` or blocks such as
            ``"1x4"``: what takes the fewest bytes.
        nbytes: What that takes.
        dense: What all weights would take.
    """

    operator: str
    form: str
    nbytes: int
    dense: int


@dataclass(frozen=True, slots=True)
class DeployedCosts:
    """What a deployed model takes, to the byte.

    Attributes:
        flash: Bytes of its tables: weights in the form that takes fewest, biases, scales and so
            on; without code.
        sram: Bytes of its arena.
        macs: Multiply-accumulates of an inference, those by zeros among them.
        layers: The weights.
    """

    flash: int
    sram: int
    macs: int
    layers: tuple[StoredLayer, ...]


def deployed_costs(graph: Graph) -> DeployedCosts:
    """What a graph takes, deployed: nothing is written.

    Args:
        graph: Of a model file, or what ``from_torch`` makes of a module.

    Raises:
        GraphError: There is no kernel for one of its operators.
    """
    said = facts(build(graph, DOUBLE, _SECONDS), "model", find_target())
    return DeployedCosts(
        flash=sum(said["flash"]["tables"].values()),
        sram=said["sram"]["arena"],
        macs=profile(graph).macs,
        layers=tuple(
            StoredLayer(each["operator"], each["form"], each["bytes"], each["dense"])
            for each in said["storage"]
        ),
    )
