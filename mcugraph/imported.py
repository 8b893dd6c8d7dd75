"""Things of a user's own, by the name ``MODULE:NAME``: data, kernels, search spaces."""

from importlib import import_module
from typing import Any

from mcugraph.did_you_mean import suggestion
from mcugraph.errors import UsageError


def imported(what: str, name: str) -> Any:
    """What ``MODULE:NAME`` means; the module's code is run.

    Args:
        what: What it is to be, for the error.
        name: The module, a colon, and a name in it.

    Raises:
        UsageError: There is none, or the module fails.
    """
    module, _, own = name.partition(":")
    said = f"{what} {name!r}"
    if not (module and own):
        raise UsageError(f"{said}: a module and a name in it are needed, like module:name")
    try:
        found = import_module(module)
    except (Exception, SystemExit) as error:
        raise UsageError(f"{said}: {failure(error)}") from error
    try:
        return getattr(found, own)
    except AttributeError:
        known = [name for name in vars(found) if not name.startswith("_")]
        hint = suggestion(own, known)
        raise UsageError(f"{said}: module {module} has no {own}{hint}") from None


def failure(error: BaseException) -> str:
    """What somebody's code has raised, in one line."""
    why = " ".join(str(error).split())
    return f"{type(error).__name__}: {why}" if why else type(error).__name__
