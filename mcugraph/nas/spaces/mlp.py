"""Dense networks, for features that somebody else has made."""

from collections.abc import Iterator
from random import Random
from typing import ClassVar, TypeVar

from mcugraph.checks import checked_fraction
from mcugraph.ir import Shape
from mcugraph.nas.builder import NetworkBuilder
from mcugraph.nas.domains import WholeRange
from mcugraph.nas.search_space import Morph, SearchSpace, checked_classes, checked_shape
from mcugraph.nas.spaces.heads import say_dense, units_morphs
from mcugraph.records import dataclass, replace

Value = TypeVar("Value")

UNITS = WholeRange(2, 512, (1, 4, 16))
LAYERS = (0, 4)


@dataclass(frozen=True, slots=True)
class Mlp:
    """Dense layers with a ReLU each, and the last one without.

    Attributes:
        units: Of the layers before the last.
    """

    units: tuple[int, ...]


class MlpSpace(SearchSpace[Mlp]):
    """Dense networks of up to five layers.

    Args:
        input_shape: Of one example; more than one axis is flattened first.
        classes: How many there are.
        dropout: Rate of the dropout before each dense layer but the last; 0: none.
    """

    architecture: ClassVar[type] = Mlp
    axes: ClassVar[int] = 0

    def __init__(self, input_shape: Shape, classes: int, dropout: float = 0.0) -> None:
        self.input_shape = checked_shape(input_shape)
        self.classes = checked_classes(classes)
        self.dropout = checked_fraction("dropout", dropout)

    def sample(self, rng: Random) -> Mlp:
        return Mlp(tuple(UNITS.sample(rng) for _ in range(rng.randint(*LAYERS))))

    def scaled(self, arch: Mlp, factor: float) -> Mlp:
        return Mlp(tuple(UNITS.scaled(count, factor) for count in arch.units))

    def morphs(self, arch: Mlp) -> Iterator[Morph[Mlp]]:
        return units_morphs(arch.units, UNITS, LAYERS, lambda units: replace(arch, units=units))

    def emit(self, arch: Mlp, builder: NetworkBuilder[Value]) -> None:
        value = builder.flatten(builder.input(self.input_shape))
        say_dense(builder, value, arch.units, self.classes, self.dropout)
