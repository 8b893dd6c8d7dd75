"""Dense layers at the end of a network, which several spaces have."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import Any, TypeVar

from mcugraph.nas.builder import NetworkBuilder
from mcugraph.nas.domains import WholeRange, put_at, resized
from mcugraph.nas.search_space import Morph

Value = TypeVar("Value")


def units_morphs(
    units: tuple[int, ...],
    domain: WholeRange,
    limits: tuple[int, int],
    put: Callable[[tuple[int, ...]], Any],
) -> Iterator[Morph[Any]]:
    """Changes of the dense layers before the last: one more, one less, other numbers of units."""
    yield from resized(units, limits, "dense layer", lambda rng, at: domain.sample(rng), put)
    for i, count in enumerate(units):
        for said, other in domain.moves(count):
            name = f"dense layer {i} units {said}"
            yield Morph("units", name, partial(_moved, units, put, i, other))


def _moved(
    units: tuple[int, ...],
    put: Callable[[tuple[int, ...]], Any],
    at: int,
    count: int,
    rng: Random,
) -> Any:
    return put(put_at(units, at, count))


def say_dense(
    builder: NetworkBuilder[Value], value: Value, units: Sequence[int], classes: int, dropout: float
) -> None:
    """Dense layers with a ReLU each, and the last one without."""
    for count in units:
        if dropout:
            value = builder.dropout(value, dropout)
        value = builder.dense(value, count, relu=True)
    builder.output(builder.dense(value, classes))
