"""Search spaces by name: those of the library, and those of a user's own."""

from collections.abc import Callable
from typing import Any

from mcugraph.did_you_mean import suggestion
from mcugraph.errors import McuGraphError, UsageError
from mcugraph.imported import failure, imported
from mcugraph.ir import Shape
from mcugraph.nas.search_space import SearchSpace
from mcugraph.nas.spaces import SPACES


def find_space(name: str, described: Callable[[int | None], tuple[Shape, int]]) -> SearchSpace[Any]:
    """The space that a name means.

    Args:
        name: One of `SPACES`; or ``module:Class`` of a child of ``SearchSpace``, which is called
            with the shape of an example and the number of classes, or with nothing if it does not
            take these; or of a function that makes one; or of a space itself.
        described: Tells the shape of an example and the number of classes, for so many spatial
            axes that networks read; None: in the shape that examples have.

    Raises:
        UsageError: There is none of this name, or it cannot be made.
    """
    if ":" not in name:
        if name not in SPACES:
            raise UsageError(
                f"unknown space {name!r}{suggestion(name, SPACES)}; expected one of "
                f"{', '.join(SPACES)}, or module:Class of a space of your own"
            )
        known: SearchSpace[Any] = _called(name, SPACES[name], described)
        return known
    found = imported("space", name)
    if isinstance(found, SearchSpace):
        return found
    if not callable(found) or (isinstance(found, type) and not issubclass(found, SearchSpace)):
        raise UsageError(f"space {name!r}: it is no SearchSpace but {_told(found)}")
    made = _called(name, found, described)
    if not isinstance(made, SearchSpace):
        raise UsageError(f"space {name!r}: it makes no SearchSpace but {_told(made)}")
    return made


def _called(
    name: str, make: Callable[..., Any], described: Callable[[int | None], tuple[Shape, int]]
) -> Any:
    """What a class or a function makes for examples.

    Raises:
        UsageError: It refuses them, or fails.
    """
    wants_none = _takes(make) and not _takes(make, "shape", "classes")
    given = () if wants_none else described(getattr(make, "axes", None))
    try:
        return make(*given)
    except McuGraphError as error:
        raise UsageError(f"space {name!r}: {error}") from error
    except Exception as error:
        of = f" of {given}" if given else ""
        raise UsageError(f"space {name!r}: it cannot be made{of}: {failure(error)}") from error


def _takes(make: Callable[..., Any], *given: str) -> bool:
    """Whether something can be called with so many arguments."""
    from inspect import signature

    try:
        signature(make).bind(*given)
    except (TypeError, ValueError):
        return False
    return True


def _told(found: object) -> str:
    return f"the class {found.__name__}" if isinstance(found, type) else type(found).__name__
