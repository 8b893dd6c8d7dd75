"""A new file read back and held against the old one, before it replaces anything."""

from collections.abc import Mapping
from pathlib import Path

from mcugraph.errors import FormatError, McuGraphError
from mcugraph.formats.load_limits import LoadLimits
from mcugraph.formats.loader import load
from mcugraph.optimizer.new_file import NewFile
from mcugraph.optimizer.result import Figures
from mcugraph.profiler import profile
from mcugraph.profiles import Profile
from mcugraph.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Tried:
    """A new file that is no worse than the old one, and what it costs.

    Attributes:
        what: What was done, in a word or two.
        change: The file.
        profile: Of the file, read back.
    """

    what: str
    change: NewFile
    profile: Profile

    def noting(self, notes: tuple[str, ...]) -> "Tried":
        """The same, with more to say."""
        return replace(self, change=replace(self.change, notes=(*self.change.notes, *notes)))


@dataclass(frozen=True, slots=True)
class TryOut:
    """Where new files of one model are tried.

    Attributes:
        source: Path of the old file, named in errors.
        temporary: Where new ones are written to be read back.
        before: The profile of the old file.
        dims, limits: As the old file was loaded with.
    """

    source: str
    temporary: Path
    before: Profile
    dims: Mapping[str | tuple[str, int], int] | None
    limits: LoadLimits | None

    def of(
        self, what: str, change: NewFile, other_operators: bool = False, extra_macs: int = 0
    ) -> Tried:
        """A new file, read back.

        Args:
            what: What was done.
            change: The new file.
            other_operators: It has other operators, with a tail of its own.
            extra_macs: How many multiply-accumulates these may add.

        Raises:
            McuGraphError: It cannot be read, or it is another network.
        """
        self.temporary.write_bytes(change.data)
        try:
            graph = load(self.temporary, self.dims, limits=self.limits)
            # The figures of the file as it stands need no search.
            after = profile(graph, kernels=self.before.kernels, time_limit=0.0)
        except FormatError as error:
            raise McuGraphError(
                f"{self.source}: the new file cannot be read back: {error}"
            ) from error
        _hold_network(self.source, self.before, after, extra_macs)
        if not other_operators:
            _hold_operators(self.source, self.before, after)
        return Tried(what, change, after)


def figures(found: Profile, nbytes: int) -> Figures:
    """What is told of a file of so many bytes."""
    memory = found.memory
    return Figures(
        memory.tflm_arena,
        memory.tflm_persistent,
        memory.tflm_total,
        memory.file_order_peak,
        nbytes,
        found.model.operators,
        found.macs,
    )


def _hold_network(path: str, before: Profile, after: Profile, extra_macs: int) -> None:
    """The new network against the old one.

    Raises:
        McuGraphError: It is another one.
    """
    works = 0 <= after.macs - before.macs <= extra_macs
    # Of constants that are cut, equal pieces are stored once.
    holds = before.memory.state == after.memory.state and _stored(after) <= _stored(before)
    if not (works and holds):
        raise McuGraphError(f"{path}: the new file came out as another network; nothing is written")


def _hold_operators(path: str, before: Profile, after: Profile) -> None:
    """The operators of the new network against those of the old one.

    Raises:
        McuGraphError: They are others.
    """
    # One by one they may differ: a constant that is both goes by who reads it first.
    old = before.elementwise, _stored(before), _layers(before)
    new = after.elementwise, _stored(after), _layers(after)
    if old != new:
        raise McuGraphError(f"{path}: the new file came out as another network; nothing is written")


def takes_more(before: Profile, after: Profile) -> bool:
    """Whether TFLM takes more for a file than for another: a larger head, or more in all.

    The tail alone may grow a little, since in another order its parts are rounded up elsewhere.
    """
    old, new = before.memory, after.memory
    pairs = ((old.tflm_arena, new.tflm_arena), (old.tflm_total, new.tflm_total))
    return any(was is not None and (now is None or now > was) for was, now in pairs)


def _stored(found: Profile) -> int:
    return found.flash.weights + found.flash.biases


def _layers(found: Profile) -> list[tuple[str, str]]:
    """Operators without their names, since some are named by their place."""
    return sorted((layer.type, str(layer.output_shape)) for layer in found.layers)
