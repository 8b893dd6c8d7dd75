"""Stored tensors of an ONNX file: whether they are what they claim, and their values.

Source: TensorProto in onnx/onnx.proto, and ONNX's page on external data.
"""

import os
import stat
import struct
from math import prod
from typing import Any

from mcugraph.errors import FormatError, GraphError
from mcugraph.formats.onnx.types import DTYPES
from mcugraph.ir import Array, DType, Shape
from mcugraph.late_numpy import np

_UNKNOWN = DType.UNKNOWN
_EXTERNAL = 1  # TensorProto.EXTERNAL
_STRING, _COMPLEX = 8, (14, 15)  # TensorProto.DataType
_LISTS = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data")
_OWN_LIST = {1: "float_data", 7: "int64_data", 11: "double_data"}  # of others, "int32_data"

# TensorProto.DataType -> how numpy reads its raw bytes, and how ``struct`` does.
_PLAIN = {
    1: ("<f4", "f"),
    2: ("u1", "B"),
    3: ("i1", "b"),
    5: ("<i2", "h"),
    6: ("<i4", "i"),
    7: ("<i8", "q"),
    9: ("?", "?"),
    11: ("<f8", "d"),
}

# Values with more elements than this are folded only when somebody asks for them.
SMALL = 4096


class Weights:
    """Reads stored tensors, from the model itself and from files beside it.

    Args:
        path: The model, named in errors.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def claimed(self, name: str, proto: Any) -> tuple[DType, Shape]:
        """What a stored tensor is, held against what is stored. Reads no other file.

        Args:
            name: The tensor.
            proto: Its TensorProto.

        Raises:
            GraphError: It has a negative length, more or fewer bytes than its shape takes, or lies
                outside the folder of the model.
        """
        shape, dtype = tuple(proto.dims[:]), DTYPES.get(proto.data_type, _UNKNOWN)
        if shape and min(shape) < 0:
            raise GraphError(f"tensor {name!r} has the shape {shape}")
        if proto.data_location == _EXTERNAL:
            self._place(name, proto)
        elif dtype.has_size:
            self._hold(name, proto, dtype, shape)
        return dtype, shape

    def _hold(self, name: str, proto: Any, dtype: DType, shape: Shape) -> None:
        """Refuse a tensor that stores more or less than its shape takes."""
        count = prod(shape)
        nbytes = dtype.nbytes(count)
        if proto.HasField("raw_data"):
            stored, wanted, what = len(proto.raw_data), nbytes, "bytes"
        else:
            stored, what = len(_listed(proto)), "entries"
            stored = stored or max(len(getattr(proto, key)) for key in _LISTS)
            # Numbers of two parts; several to a byte, one byte to an entry.
            wanted = 2 * count if proto.data_type in _COMPLEX else min(count, nbytes)
        if stored != wanted:
            raise GraphError(
                f"tensor {name!r} of shape {shape} has {stored} {what} where it takes {wanted}; "
                "the file is damaged"
            )

    def value(self, proto: Any) -> Array:
        """The value of a stored tensor.

        Raises:
            FormatError: It lies in a file that is missing, too short or no file, or has a type
                that numpy lacks.
        """
        if proto.data_location == _EXTERNAL:
            proto = self._with_data(proto)
        dims, raw = proto.dims[:], proto.raw_data
        if proto.data_type in _PLAIN:
            plain = np.dtype(_PLAIN[proto.data_type][0])
            # Most constants of a file are such; for others ONNX is imported, which takes a while.
            count = prod(dims)
            if len(raw) == plain.itemsize * count:
                found = np.frombuffer(raw, plain)
                return found if len(dims) == 1 else found.reshape(dims)
            listed = [] if raw else _listed(proto)
            if len(listed) == count:
                return np.array(listed).astype(plain).reshape(dims)
        from onnx import TensorProto, numpy_helper

        try:
            return np.asarray(
                numpy_helper.to_array(TensorProto.FromString(proto.SerializeToString()))
            )
        except (ValueError, TypeError, KeyError) as error:
            said = f"the value of {proto.name!r} cannot be decoded: {error}"
            raise FormatError(f"{self._path}: {said}") from error

    def numbers(self, proto: Any) -> list[Any]:
        """The elements of a stored tensor one after another; else as ``value``.

        Those that a file holds as they are, as it does most shapes and bounds, need no array.
        """
        raw = b"" if proto.data_location == _EXTERNAL else proto.raw_data
        if raw and proto.data_type in _PLAIN:
            form = f"<{prod(proto.dims[:])}{_PLAIN[proto.data_type][1]}"
            if len(raw) == struct.calcsize(form):
                return [*struct.unpack(form, raw)]
        numbers: list[Any] = self.value(proto).ravel().tolist()
        return numbers

    def _with_data(self, proto: Any) -> Any:
        """The tensor as if the model itself held its bytes."""
        try:
            location, offset = self._place(proto.name, proto)
        except GraphError as error:
            raise FormatError(f"{self._path}: {error}") from None
        told = f"{self._path}: the value of {proto.name!r} lies in {location}"
        wanted = _nbytes(proto)
        try:
            file = os.path.join(os.path.dirname(self._path), location)
            if not self._inside(file):
                raise FormatError(f"{told}, a link that leads out of the model's folder")
            found = os.stat(file)
            if not stat.S_ISREG(found.st_mode):
                raise FormatError(f"{told}, which is no file")
            if found.st_size < offset + wanted:
                raise FormatError(
                    f"{told} up to byte {offset + wanted}, which has {found.st_size}; "
                    "copy it or export the model again"
                )
            with open(file, "rb") as opened:
                opened.seek(offset)
                data = opened.read(wanted)
        except FileNotFoundError:
            raise FormatError(f"{told}, which is missing; put it beside the model") from None
        except (OSError, ValueError) as error:
            raise FormatError(f"{told}, which cannot be read: {error}") from None
        held = type(proto)()
        held.CopyFrom(proto)
        held.ClearField("external_data")
        held.ClearField("data_location")
        held.raw_data = data
        return held

    def _place(self, name: str, proto: Any) -> tuple[str, int]:
        """The file of an external tensor, as the model names it, and where in it that begins."""
        # Few models have such tensors, and the import takes a fiftieth of a command's time.
        from pathlib import PurePosixPath, PureWindowsPath

        entries = {entry.key: entry.value for entry in proto.external_data}
        location = entries.get("location", "")
        pure = PurePosixPath(location.replace("\\", "/"))
        absolute = pure.is_absolute() or PureWindowsPath(location).drive
        if not location or "\0" in location:
            raise GraphError(f"tensor {name!r} lies in another file, but none is named")
        if absolute or ".." in pure.parts:
            raise GraphError(
                f"tensor {name!r} lies in {location}, outside the folder of the model: refused"
            )
        try:
            offset, length = (int(entries.get(key) or 0) for key in ("offset", "length"))
        except ValueError:
            offset = length = -1
        if offset < 0 or length < 0:
            raise GraphError(f"tensor {name!r} has a place in {location} that is no number")
        if length and length != _nbytes(proto) and proto.data_type != _STRING:
            raise GraphError(
                f"tensor {name!r} of shape {tuple(proto.dims)} has {length} bytes in {location} "
                f"where it takes {_nbytes(proto)}; the file is damaged"
            )
        return location, offset

    def _inside(self, file: str) -> bool:
        """Whether a file lies in the folder of the model, or in that of what the model links to."""
        target = os.path.realpath(file)
        homes = (
            os.path.realpath(os.path.dirname(self._path)),
            os.path.dirname(os.path.realpath(self._path)),
        )
        return any(os.path.commonpath([home, target]) == home for home in homes)


class StoredValue:
    """The value of a tensor that a file stores; called, it is decoded."""

    __slots__ = ("__weakref__", "_proto", "_weights")

    def __init__(self, weights: Weights, proto: Any) -> None:
        self._weights, self._proto = weights, proto

    def __call__(self) -> Array:
        """The value."""
        return self._weights.value(self._proto)

    def numbers(self) -> list[Any]:
        """Its elements one after another."""
        return self._weights.numbers(self._proto)


def _listed(proto: Any) -> list[Any]:
    """The numbers of a tensor that are stored one by one."""
    numbers: list[Any] = getattr(proto, _OWN_LIST.get(proto.data_type, "int32_data"))[:]
    return numbers


def _nbytes(proto: Any) -> int:
    return DTYPES.get(proto.data_type, DType.UNKNOWN).nbytes(prod(proto.dims))
