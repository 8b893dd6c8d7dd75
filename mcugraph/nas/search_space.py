"""Search spaces: the architectures that a search may choose from."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from hashlib import sha256
from numbers import Integral
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from mcugraph.checks import check_whole
from mcugraph.errors import UsageError
from mcugraph.ir import Graph, Shape
from mcugraph.nas.architecture_json import from_plain, to_plain
from mcugraph.nas.builder import NetworkBuilder
from mcugraph.nas.graph_builder import GraphBuilder
from mcugraph.nas.meter import Meter
from mcugraph.nas.narrowing import Narrowed, Widths
from mcugraph.records import dataclass

if TYPE_CHECKING:
    from torch import nn

Arch = TypeVar("Arch")


@dataclass(frozen=True, slots=True)
class Morph(Generic[Arch]):
    """A small change of an architecture, made when it is asked for.

    Attributes:
        kind: What it changes; a search draws the kind first, and then one of it, so that what can
            be done in many places is not done all the time.
        name: What it does, in a few words.
        apply: Makes the changed architecture; draws what the change leaves open.
    """

    kind: str
    name: str
    apply: Callable[[Random], Arch]


_DENSE = "mlp (MlpSpace)"
_SPACES_FOR = {2: "cnn1d (Cnn1dSpace)", 3: "cnn (CnnSpace) or ds_cnn (DsCnnSpace)"}  # axes


def checked_shape(shape: Any, axes: int | None = None) -> Shape:
    """The shape of one example, held against the number of its spatial axes.

    Args:
        shape: As it is given.
        axes: How many there are; None: any.

    Raises:
        UsageError: It has another, an axis of no element, or is no shape.
    """
    lengths = tuple(shape) if isinstance(shape, Iterable) and not isinstance(shape, str) else ()
    whole = all(map(_is_length, lengths))
    if not lengths or (axes is None and not whole):
        raise UsageError(f"input_shape: whole numbers are needed, like (1, 28, 28), not {shape!r}")
    if axes is not None and not (whole and len(lengths) == axes + 1):
        wanted = ("units", "channels, length", "channels, height, width")[axes]
        fitting = _SPACES_FOR.get(len(lengths), _DENSE)
        hint = f"; the space {fitting} takes it" if whole else ""
        raise UsageError(f"an example of shape {lengths} is not ({wanted}){hint}")
    return lengths


def _is_length(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Integral) and int(value) >= 1


def checked_classes(classes: int) -> int:
    """The number of classes: one alone is nothing to tell apart.

    Raises:
        UsageError: It is no number, or too small.
    """
    check_whole("classes", classes, 2)
    return classes


class SearchSpace(ABC, Generic[Arch]):
    """Architectures: how to draw one, which are next to it, and the network that each stands for.

    A space of one's own needs ``architecture`` (a frozen dataclass of whole numbers, flags, strings
    and tuples of such dataclasses), ``sample``, ``morphs`` and ``emit``.

    Attributes:
        architecture: The class of its architectures.
        axes: How many spatial axes the networks read, if they are made for data by name: then
            examples are handed to the constructor channels first; None: as the data have them.
        input_shape: One example that the networks read: channels first, without the batch.
        classes: How many outputs they have.
    """

    architecture: ClassVar[type]
    axes: ClassVar[int | None] = None
    input_shape: Shape
    classes: int

    @abstractmethod
    def sample(self, rng: Random) -> Arch:
        """A random architecture."""

    @abstractmethod
    def morphs(self, arch: Arch) -> Iterator[Morph[Arch]]:
        """The small changes of an architecture that stay in the space."""

    @abstractmethod
    def emit(self, arch: Arch, builder: NetworkBuilder[Any]) -> None:
        """Say the network of an architecture, layer by layer.

        Raises:
            GraphError: There is no such network for the input.
        """

    def outline(self, rng: Random) -> Arch:
        """A random architecture of the kinds that are known to do well; here: any one.

        Guided searches draw half of their first networks so, and make them as wide as fits.
        """
        return self.sample(rng)

    def scaled(self, arch: Arch, factor: float) -> Arch:
        """An architecture with its widths times a factor, as far as the space goes.

        What a search makes drawn networks as wide as the bounds allow with, and children that are
        too large narrower. A space that does not say how gives back the architecture itself.
        """
        return arch

    def mutate(self, arch: Arch, rng: Random) -> tuple[Arch, str]:
        """An architecture next to another one, and the name of the morph that leads there."""
        by_kind = morphs_by_kind(self, arch)
        morph = rng.choice(by_kind[rng.choice(list(by_kind))])
        return morph.apply(rng), morph.name

    def meter(self, arch: Arch) -> Meter:
        """Size, work and operator bound of an architecture, in microseconds."""
        meter = Meter()
        self.emit(arch, meter)
        return meter

    def graph(self, arch: Arch, widths: Widths | None = None, name: str = "network") -> Graph:
        """The graph of an architecture, for ``profile`` and everything else.

        Args:
            arch: The architecture.
            widths: What is left of layers that are pruned, by name: ``{"conv2": 5}``.
            name: Of the graph.

        Raises:
            GraphError: There is no such network.
        """
        builder = GraphBuilder(name)
        self.say(arch, builder, widths)
        return builder.graph()

    def module(self, arch: Arch, widths: Widths | None = None) -> "nn.Module":
        """The PyTorch module of an architecture, with new weights; arguments as of `graph`."""
        from mcugraph.nas.module_builder import ModuleBuilder

        builder = ModuleBuilder()
        self.say(arch, builder, widths)
        return builder.module()

    def say(self, arch: Arch, builder: NetworkBuilder[Any], widths: Widths | None) -> None:
        """Say the network of an architecture, once layers are pruned; arguments as of `graph`."""
        if not widths:
            self.emit(arch, builder)
        else:
            self.emit(arch, Narrowed(builder, widths.get))

    def key(self, arch: Arch, widths: Widths | None = None) -> str:
        """What names the network of an architecture: two with one network have one key."""
        return key_of(self.graph(arch, widths))

    def describe(self) -> dict[str, Any]:
        """The class and the fields of the space, as what JSON can hold: two alike are one space."""
        cls = type(self)
        fields = {name: _plain(value) for name, value in sorted(vars(self).items())}
        return {"class": f"{cls.__module__}:{cls.__qualname__}", **fields}

    def to_plain(self, arch: Arch) -> dict[str, Any]:
        """An architecture as what JSON can hold."""
        data: dict[str, Any] = to_plain(arch)
        return data

    def from_plain(self, data: dict[str, Any]) -> Arch:
        """The architecture that `to_plain` made data of.

        Raises:
            UsageError: The data does not describe one.
        """
        made: Arch = from_plain(self.architecture, data)
        return made


def key_of(graph: Graph) -> str:
    """What names a network: two that are alike have one key."""
    return sha256(str(graph).encode()).hexdigest()[:32]


class _Itself:
    """Something that is looked up by what it is and not by what it equals.

    Architectures that are equal can differ, since 1, 1.0 and True are equal; spaces need no hash.
    """

    __slots__ = ("it",)

    def __init__(self, it: Any) -> None:
        self.it = it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.it is other.it

    def __hash__(self) -> int:
        return id(self.it)


def morphs_by_kind(space: SearchSpace[Arch], arch: Arch) -> dict[str, list[Morph[Arch]]]:
    """The small changes of an architecture by what they change, each kind where it came first.

    A search asks for those of a parent many times, and for those of what is on the way to a child
    once: all that there are of these would be in the way of garbage collection.
    """
    asked = _asked(_Itself(space), _Itself(arch))
    asked.append(None)
    return (_kept if len(asked) > 1 else _by_kind)(_Itself(space), _Itself(arch))


@lru_cache(512)
def _asked(space: _Itself, arch: _Itself) -> list[None]:
    """As long as the changes of an architecture were asked for, once it is looked up again."""
    return []


def _by_kind(space: _Itself, arch: _Itself) -> dict[str, list[Morph[Any]]]:
    by_kind: dict[str, list[Morph[Any]]] = defaultdict(list)
    for morph in space.it.morphs(arch.it):
        by_kind[morph.kind].append(morph)
    return dict(by_kind)


_kept = lru_cache(64)(_by_kind)


def _plain(value: Any) -> Any:
    try:
        return to_plain(value)
    except UsageError:
        return repr(value)
