"""What a field of an architecture may be, and the small steps from one value to another."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from random import Random
from typing import Any, Protocol, TypeVar

from mcugraph.errors import UsageError
from mcugraph.nas.search_space import Morph
from mcugraph.records import dataclass, replace

Item = TypeVar("Item")
Record = TypeVar("Record")


class Domain(Protocol):
    """The values of one field."""

    def sample(self, rng: Random) -> Any:
        """One of them, all equally likely."""

    def moves(self, value: Any) -> Sequence[tuple[str, Any]]:
        """The values next to one, each with how to get there."""

    def scaled(self, value: Any, factor: float) -> Any:
        """The value nearest to so many times another one; that one itself if it is no number."""


@dataclass(frozen=True, slots=True)
class WholeRange:
    """WholeRange numbers of a range, both ends among them.

    Attributes:
        low, high: The ends.
        steps: How far one move goes, up or down.
        every: Distance of two values: every second number, for example.

    Raises:
        UsageError: There is no such number, or the upper end is none of them.
    """

    low: int
    high: int
    steps: tuple[int, ...]
    every: int = 1

    def __post_init__(self) -> None:
        if self.low > self.high or self.every < 1 or (self.high - self.low) % self.every:
            raise UsageError(
                f"every {self.every} from {self.low} to {self.high} is no range of whole numbers"
            )

    def sample(self, rng: Random) -> int:
        # Five times as fast as ``randrange``; thousands are drawn for one that is trained.
        return self.low + self.every * int(
            rng.random() * ((self.high - self.low) // self.every + 1)
        )

    def scaled(self, value: int, factor: float) -> int:
        low, high, every = self.low, self.high, self.every
        nearest = low + round((value * factor - low) / every) * every
        return low if nearest < low else high if nearest > high else nearest

    def moves(self, value: int) -> Sequence[tuple[str, int]]:
        return _steps(self.low, self.high, self.steps, value)


# Each child of a search asks for the moves of every field of its parent.
@lru_cache(1 << 12)
def _steps(low: int, high: int, steps: tuple[int, ...], value: int) -> tuple[tuple[str, int], ...]:
    signed = [sign * step for step in steps for sign in (-1, 1)]
    return tuple((f"{step:+}", value + step) for step in signed if low <= value + step <= high)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few values, any of which follows any other."""

    values: tuple[Any, ...]

    def sample(self, rng: Random) -> Any:
        return self.values[int(rng.random() * len(self.values))]

    def moves(self, value: Any) -> Sequence[tuple[str, Any]]:
        return [(f"-> {other}", other) for other in self.values if other != value]

    def scaled(self, value: Any, factor: float) -> Any:
        return value


FLAG = Choice((False, True))

Domains = Mapping[str, Domain]


def sampled(domains: Domains, rng: Random) -> dict[str, Any]:
    """A value for each field."""
    return {name: domain.sample(rng) for name, domain in domains.items()}


def changes(
    record: Record, domains: Domains, where: str, put: Callable[[Record], Any], but: str = ""
) -> list[Morph[Any]]:
    """Morphs that move one field of a record.

    Args:
        record: A dataclass instance.
        domains: What its fields may be, by name.
        where: What the record is called, to name the morphs.
        put: Makes the architecture with another record in its place.
        but: A field that stays as it is; "": none does.
    """
    return [
        Morph(field, f"{where}{field} {said}", partial(_moved, put, record, field, value))
        for field, domain in domains.items()
        if field != but
        for said, value in domain.moves(getattr(record, field))
    ]


def _moved(
    put: Callable[[Record], Any], record: Record, field: str, value: Any, rng: Random
) -> Any:
    return put(replace(record, **{field: value}))  # type: ignore[type-var]


def resized(
    items: Sequence[Item],
    limits: tuple[int, int],
    what: str,
    make: Callable[[Random, int], Item],
    put: Callable[[tuple[Item, ...]], Any],
    where: str = "",
) -> Iterator[Morph[Any]]:
    """Morphs that insert a random item anywhere, or remove any one.

    Args:
        items: Of the architecture.
        limits: Fewest and most that there may be.
        what: What one is called, to name the morphs.
        make: A random one for a position.
        put: Makes the architecture with other items.
        where: What holds the items, to name the morphs.
    """
    fewest, most = limits
    held = tuple(items)
    if len(held) > fewest:

        def remove(rng: Random) -> Any:
            at = rng.randrange(len(held))
            return put((*held[:at], *held[at + 1 :]))

        yield Morph(f"remove {what}", f"{where}remove a {what}", remove)
    if len(held) < most:

        def insert(rng: Random) -> Any:
            at = rng.randrange(len(held) + 1)
            return put((*held[:at], make(rng, at), *held[at:]))

        yield Morph(f"insert {what}", f"{where}insert a {what}", insert)


def put_at(items: tuple[Item, ...], at: int, item: Item) -> tuple[Item, ...]:
    """The items with another in one place."""
    return (*items[:at], item, *items[at + 1 :])
