"""The zip archive that ``torch.export.save`` writes: its parts as JSON and as tensors."""

import io
import json
import math
import zipfile
from typing import Any

from mcugraph.errors import FormatError
from mcugraph.formats.load_limits import LoadLimits
from mcugraph.formats.torch.saved.vetted import payloads

# What only torch.export.load reads, and what it may do to the machine.
UNTRUSTED = (
    "torch.export can load it, but runs code that a file brings along: "
    "if you trust it, use --trust (in Python trust=True)"
)


class SavedArchive:
    """One archive, while it is read."""

    def __init__(self, path: str, data: bytes, limits: LoadLimits) -> None:
        """Look at the names in it.

        Args:
            path: Named in errors.
            data: The whole file.
            limits: How much its parts may take together.

        Raises:
            FormatError: It is damaged, no exported program, or larger than the limit.
        """
        self.path, self.data = path, data
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except Exception as error:  # zipfile raises more than its own errors on damaged headers
            raise FormatError(f"{path}: truncated or damaged archive: {error}") from None
        self._names = set(self._zip.namelist())
        self._check()
        expanded = sum(part.file_size for part in self._zip.infolist())
        limits.hold("expanded", f"{path}: bytes in the archive", expanded)
        ends = (name for name in self._names if name.endswith("/archive_format"))
        self._root = next(ends, "archive_format").removesuffix("archive_format")

    @property
    def is_current(self) -> bool:
        """Whether the parts are as PyTorch writes them since 2.8, and not one pickle each."""
        return f"{self._root}data/weights/model_weights_config.json" in self._names

    def _check(self) -> None:
        """Tell an exported program from the other zip archives that hold models."""
        ends = {name.rpartition("/")[2] for name in self._names}
        if "archive_format" in ends or "serialized_exported_program.json" in ends:
            return
        if "constants.pkl" in ends:
            what = "a TorchScript program"
        elif "data.pkl" in ends:
            what = "what torch.save wrote: weights or a pickled module"
        else:
            what = "a zip archive without a model that can be read"
            raise FormatError(f"{self.path}: this is {what}")
        advice = "export the module with torch.export and save that as .pt2"
        raise FormatError(f"{self.path}: this is {what}; {advice}")

    def json(self, name: str) -> Any:
        """What a part says, as plain objects.

        Raises:
            FormatError: It is not there, or damaged.
        """
        try:
            return json.loads(self._bytes(name))
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{self.path}: {name} in it is damaged: {error}") from None

    def tensors(self, folder: str) -> dict[str, Any]:
        """Names and tensors of a folder with a list of payloads, ``"weights"`` or ``"constants"``.

        Tensors that lie in one part of the archive share their memory.

        Raises:
            FormatError: One is pickled, or not there, or larger than what is there.
        """
        listed = self.json(f"data/{folder}/model_{folder}_config.json")
        storages: dict[tuple[str, int], Any] = {}
        result = {}
        for name, payload in payloads(listed)["config"].items():
            meta, part = payload["tensor_meta"], payload["path_name"]
            if payload["use_pickle"] or meta is None:
                raise FormatError(f"{name!r} in it is pickled; {UNTRUSTED}")
            key = (part, meta["dtype"])
            if key not in storages:
                storages[key] = _storage(self._bytes(f"data/{folder}/{part}"), meta["dtype"])
            result[name] = _laid(storages[key], meta, payload["is_param"], name)
        return result

    def _bytes(self, name: str) -> bytes:
        if self._root + name not in self._names:
            raise FormatError(f"{self.path}: {name!r} is missing in the archive")
        try:
            return self._zip.read(self._root + name)
        except Exception as error:  # of the archive, and of each of its ways to compress
            raise FormatError(f"{self.path}: {name!r} in it is damaged: {error}") from None


def _storage(data: bytes, code: int) -> Any:
    """All of a part, as a vector of a type by its number."""
    import torch
    from torch._export.serde.schema import ScalarType
    from torch._export.serde.serialize import deserialize_scalar_type

    try:
        dtype = deserialize_scalar_type(ScalarType(code))
    except (KeyError, ValueError):
        raise FormatError(f"damaged program: there is no element type {code}") from None
    if not data:
        return torch.empty(0, dtype=dtype)
    if len(data) % dtype.itemsize:
        raise FormatError(f"damaged program: {len(data)} bytes of {dtype}")
    return torch.frombuffer(bytearray(data), dtype=dtype)


def _laid(storage: Any, meta: Any, is_parameter: bool, name: str) -> Any:
    """The tensor that lies in a vector as the file says."""
    import torch

    sizes, strides = ([_fixed(size, name) for size in meta[key]] for key in ("sizes", "strides"))
    if math.prod(sizes):
        try:
            tensor = storage.as_strided(sizes, strides, _fixed(meta["storage_offset"], name))
        except RuntimeError:
            raise FormatError(f"damaged program: {name!r} is larger than its values") from None
    else:
        tensor = storage.new_empty(sizes)
    return torch.nn.Parameter(tensor, requires_grad=False) if is_parameter else tensor


def _fixed(size: Any, name: str) -> int:
    length: int = size.get("as_int", -1)
    if length < 0:
        raise FormatError(f"damaged program: the shape of {name!r} is not known")
    return length
