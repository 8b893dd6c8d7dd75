"""Tables of a TOML file, read and checked field by field."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn

from mcugraph.did_you_mean import suggestion
from mcugraph.errors import FormatError
from mcugraph.units import MOST

DATA = Path(__file__).with_name("boards.toml")
"""Boards and rates that come with the library."""


def read(path: str | PathLike[str]) -> dict[str, Any]:
    """What a TOML file holds.

    Raises:
        FormatError: It cannot be read, or is no TOML.
    """
    import tomllib  # not needed by most runs

    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise FormatError(f"{path}: {error.strerror or 'cannot be read'}") from error
    except (ValueError, RecursionError) as error:  # damaged TOML, or not UTF-8
        reason = " ".join(str(error).split())
        raise FormatError(f"{path}: not a TOML file: {reason}") from error


def checked(
    path: str | PathLike[str], where: str, row: Mapping[str, Any], fields: Mapping[str, type]
) -> dict[str, Any]:
    """The row, if it has exactly these fields, each of its type, and numbers are positive.

    Raises:
        FormatError: It has not.
    """
    for name, kind in fields.items():
        if row.get(name) is None:
            reject(path, where, f"{name} is missing")
        if type(row[name]) is not kind:
            wanted = {int: "a whole number", float: "a number", str: "text"}[kind]
            reject(path, where, f"{name} must be {wanted}, not {row[name]!r}")
        if kind is not str and not row[name] > 0:
            reject(path, where, f"{name} must be positive, not {row[name]!r}")
        if kind is int and row[name] > MOST:
            reject(path, where, f"{name} must be at most {MOST:,}")
    for name in row:
        if name not in fields:
            reject(path, where, f"unknown key {name!r}{suggestion(name, fields)}")
    return dict(row)


def reject(path: str | PathLike[str], where: str, reason: str) -> NoReturn:
    """Refuse a file for what stands in one of its tables.

    Raises:
        FormatError: Always.
    """
    raise FormatError(f"{path}: {where}: {reason}")
