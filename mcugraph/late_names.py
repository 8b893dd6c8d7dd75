"""Public names of a package that are imported when they are first used."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from mcugraph.errors import UsageError


def torch_name(package: str, home: Mapping[str, str], name: str) -> Any:
    """What a package that needs PyTorch calls so.

    Args:
        package: Its name.
        home: Public name -> the module that defines it.
        name: The one that is asked for.

    Raises:
        AttributeError: There is no such name.
        UsageError: PyTorch is not installed.
    """
    if name not in home:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    try:
        return getattr(import_module(home[name]), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UsageError("PyTorch is not installed: pip install 'mcugraph[torch]'") from None
