"""Saved programs to exported ones, by PyTorch's own reader of what has been vetted."""

import io
import re
from typing import Any

from mcugraph.errors import FormatError
from mcugraph.formats.torch.export import has_effects, quiet, reason
from mcugraph.formats.torch.saved.archive import UNTRUSTED, SavedArchive
from mcugraph.formats.torch.saved.targets import is_retraced
from mcugraph.formats.torch.saved.vetted import vetted

# PyTorch whose reader of vetted programs has been looked through: it unpickles nothing, imports
# nothing and evaluates nothing but the names that have been checked.
_LOOKED_THROUGH = ("2.13",)


def read_untrusted(archive: SavedArchive) -> Any:
    """The exported program of an archive, without running anything that it brings along.

    Its weights are those of the file, its inputs and results flat tuples; it has no example inputs.

    Raises:
        FormatError: It is damaged, or can only be loaded by running it.
    """
    import torch

    version = ".".join(re.findall(r"\d+", torch.__version__)[:2])
    if version not in _LOOKED_THROUGH:
        known = " and ".join(_LOOKED_THROUGH)
        raise FormatError(
            f"{archive.path}: saved programs are read as data with PyTorch {known}, this is "
            f"{version}; {UNTRUSTED}"
        )
    if not archive.is_current:
        raise FormatError(f"{archive.path}: an older PyTorch wrote it as a pickle; {UNTRUSTED}")
    try:
        with quiet():
            return _assembled(archive)
    except FormatError as error:
        if str(error).startswith(f"{archive.path}: "):
            raise
        raise FormatError(f"{archive.path}: {error}") from error
    except Exception as error:
        raise FormatError(f"{archive.path}: damaged program: {reason(error)}") from error


def read_trusted(archive: SavedArchive) -> Any:
    """The exported program of an archive as ``torch.export.load`` has it, which may run code in it.

    Raises:
        FormatError: It is damaged, or of another version of PyTorch.
    """
    import torch

    try:
        with quiet():
            return torch.export.load(io.BytesIO(archive.data))
    except Exception as error:
        raise FormatError(
            f"{archive.path}: torch.export cannot load it: {reason(error)}"
        ) from error


def _assembled(archive: SavedArchive) -> Any:
    from torch._export.serde import schema, serialize

    data = vetted(archive.json("models/model.json"))
    build: Any = serialize._dict_to_dataclass
    program = serialize.ExportedProgramDeserializer().deserialize(
        build(schema.ExportedProgram, data),
        archive.tensors("weights"),
        archive.tensors("constants"),
    )
    if has_effects(program):
        # They are taken out by running the program again, on tensors without values.
        for target in _targets(data["graph_module"]["graph"]):
            if not is_retraced(target):
                raise FormatError(
                    f"it has side effects, and to take them out {target!r} has to be run; "
                    f"{UNTRUSTED}"
                )
    return program


def _targets(value: Any) -> set[str]:
    """What a graph and the bodies in it call."""
    found: set[str] = set()
    pending = [value]
    while pending:
        entry = pending.pop()
        if isinstance(entry, dict):
            found.update(
                text for key in ("target", "as_operator") if isinstance(text := entry.get(key), str)
            )
            pending += entry.values()
        elif isinstance(entry, list):
            pending += entry
    return found
