"""Values worked out of constants: once, when somebody asks, and within a limit.

What folded constants are made of forms a graph. It is walked with a stack of its own, and every
value is kept, so that neither its depth nor the number of paths through it matters.
"""

from collections.abc import Callable, Iterable
from threading import RLock
from typing import Any

from mcugraph.formats.load_limits import LoadLimits
from mcugraph.records import dataclass

# What one thread works out, another that asks for the same waits for, so that it is counted once.
# One for all, since graphs can be copied.
_TURN = RLock()


class Folding:
    """What has been worked out of the constants of one file so far.

    Args:
        path: The file, named in errors.
        limits: How much that may be.
    """

    def __init__(self, path: str, limits: LoadLimits) -> None:
        self._path, self._limits, self._nbytes = path, limits, 0

    def take(self, nbytes: int) -> None:
        """Count values before they are worked out.

        Raises:
            FormatError: All together are more than the limit.
        """
        self._nbytes += nbytes
        what = f"{self._path}: bytes of values that are worked out of constants"
        self._limits.hold("folded", what, self._nbytes)


class FoldedValues:
    """The results of an operator whose inputs are constants.

    Args:
        folding: Of the file.
        nbytes: How much the results take.
        compute: Works them out.
        sources: What makes the values of the inputs; other folded values are recognised.
    """

    __slots__ = ("_before", "_compute", "_folding", "_made", "_nbytes")

    def __init__(
        self,
        folding: Folding,
        nbytes: int,
        compute: Callable[[], Any],
        sources: Iterable[Callable[[], Any]],
    ) -> None:
        self._folding, self._nbytes, self._compute = folding, nbytes, compute
        self._before = tuple([s.values for s in sources if isinstance(s, FoldedResult)])
        self._made: tuple[Any] | None = None

    def all(self) -> Any:
        """All results, as ``compute`` gives them.

        Raises:
            FormatError: They take more than the limit, or have no values.
        """
        with _TURN:
            missing = self._missing()
            self._folding.take(sum(values._nbytes for values in missing))
            for i, values in enumerate(missing):
                try:
                    values._made = (values._compute(),)
                except BaseException:
                    self._folding.take(-sum(values._nbytes for values in missing[i:]))
                    raise
        assert self._made is not None
        return self._made[0]

    def _missing(self) -> list["FoldedValues"]:
        """What has to be worked out for these, themselves last, each after what it is made of."""
        order: list[FoldedValues] = []
        done: set[int] = set()
        pending = [self]
        while pending:
            last = pending[-1]
            before = [v for v in last._before if v._made is None and id(v) not in done]
            if last._made is None and id(last) not in done and before:
                pending += before
                continue
            if last._made is None and id(last) not in done:
                done.add(id(last))
                order.append(last)
            pending.pop()
        return order

    def each(self, count: int) -> list["FoldedResult"]:
        """Its results one by one."""
        return [FoldedResult(self, i) for i in range(count)]


@dataclass(frozen=True, slots=True, eq=False)
class FoldedResult:
    """One result of folded values; called, it is worked out."""

    values: FoldedValues
    index: int

    def __call__(self) -> Any:
        """The value."""
        found = self.values.all()
        return found[self.index] if isinstance(found, list | tuple) else found
