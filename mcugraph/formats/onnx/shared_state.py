"""What the translations of all graphs of one ONNX file share."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from itertools import count
from typing import Any

from mcugraph.formats.dims import Bindings
from mcugraph.formats.folded_values import Folding
from mcugraph.formats.onnx.node import OnnxNode
from mcugraph.formats.onnx.node_counts import NodeCounts
from mcugraph.formats.onnx.weights import Weights
from mcugraph.ir import Graph
from mcugraph.ir.names import Names
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class Model:
    """What all scopes of one file share.

    Attributes:
        opsets: Domain -> version.
        bindings: Values for dynamic dimensions.
        weights: Reads stored tensors.
        names: Of subgraphs.
        folding: Works out values of constants.
        counts: Counts what nodes come to.
        handlers: Operator types that do more than one translated operator can say; what is called
            with the scope and the node.
        subgraphs: The bodies of control flow translated so far, by name.
        numbers: One for each scope.
        unread: Operands that operators have in the file and do not read as they are translated.
    """

    opsets: dict[str, int]
    bindings: Bindings
    weights: Weights
    names: Names
    folding: Folding
    counts: NodeCounts
    handlers: Mapping[str, Callable[[Any, OnnxNode], None]]
    subgraphs: dict[str, Graph] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)
    unread: set[str] = field(default_factory=set)
