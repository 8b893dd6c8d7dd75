"""The parts of an ONNX file that are read, as messages of protobuf.

ONNX's own messages would bring all of ONNX along, which takes as long to import as numpy. Those
below leave out what nobody asks for; it stays in a message, and is there when that is written.
Text that is no UTF-8 is refused while a file is parsed. Source: onnx/onnx.proto.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

# Message -> its fields: number, name, type, and * where there may be several. Those after a word
# with a colon exclude each other, and are known to be there or not.
_MESSAGES = {
    "ModelProto": "1 ir_version int64, 7 graph GraphProto, 8 opset_import OperatorSetIdProto*, "
    "25 functions FunctionProto*",
    "OperatorSetIdProto": "1 domain string, 2 version int64",
    "FunctionProto": "1 name string, 4 input string*, 5 output string*, 7 node NodeProto*, "
    "10 domain string, 13 overload string",
    "GraphProto": "1 node NodeProto*, 2 name string, 5 initializer TensorProto*, "
    "11 input ValueInfoProto*, 12 output ValueInfoProto*, 13 value_info ValueInfoProto*, "
    "15 sparse_initializer SparseTensorProto*",
    "NodeProto": "1 input string*, 2 output string*, 3 name string, 4 op_type string, "
    "5 attribute AttributeProto*, 7 domain string, 8 overload string",
    "AttributeProto": "1 name string, has_f: 2 f float, has_i: 3 i int64, has_s: 4 s bytes, "
    "20 type int32, 5 t TensorProto, 6 g GraphProto, 7 floats float*, 8 ints int64*, "
    "9 strings bytes*, 10 tensors TensorProto*, 11 graphs GraphProto*, 14 tp TypeProto, "
    "15 type_protos TypeProto*, 22 sparse_tensor SparseTensorProto, "
    "23 sparse_tensors SparseTensorProto*",
    "TensorProto": "1 dims int64*, 2 data_type int32, 4 float_data float*, 5 int32_data int32*, "
    "6 string_data bytes*, 7 int64_data int64*, 8 name string, has_raw: 9 raw_data bytes, "
    "10 double_data double*, 11 uint64_data uint64*, 13 external_data StringStringEntryProto*, "
    "14 data_location int32",
    "StringStringEntryProto": "1 key string, 2 value string",
    "SparseTensorProto": "1 values TensorProto, 2 indices TensorProto, 3 dims int64*",
    "ValueInfoProto": "1 name string, 2 type TypeProto",
    "TypeProto": "value: 1 tensor_type TensorType, value: 4 sequence_type ElementType, "
    "value: 9 optional_type ElementType",
    "TensorType": "1 elem_type int32, 2 shape TensorShapeProto",
    "ElementType": "1 elem_type TypeProto",
    "TensorShapeProto": "1 dim Dimension*",
    "Dimension": "value: 1 dim_value int64, value: 2 dim_param string",
}

# The numbers that protobuf gives to types, all others being messages.
_TYPES = {"double": 1, "float": 2, "int64": 3, "uint64": 4, "int32": 5, "string": 9, "bytes": 12}
_MESSAGE, _ONE, _SEVERAL = 11, 1, 3


def message_class(name: str, checked: bool = True) -> Any:
    """The class of a message.

    Args:
        name: As ONNX calls it.
        checked: Parsing refuses text that is no UTF-8; else text is bytes.
    """
    return _classes(checked)[name]


@cache
def _classes(checked: bool) -> dict[str, Any]:
    """All of them by name: what nobody holds, protobuf makes anew for each file."""
    from google.protobuf.descriptor_pb2 import FileDescriptorProto
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message_factory import GetMessageClass

    file = FileDescriptorProto(name="mcugraph/onnx.proto", package="mcugraph", syntax="proto3")
    for name in _MESSAGES:
        message = file.message_type.add(name=name)
        groups: list[str] = []
        for *group, number, field, kind in _fields(name):
            plain = kind.rstrip("*")
            made = message.field.add(
                name=field,
                number=int(number),
                label=_SEVERAL if kind.endswith("*") else _ONE,
                type=_TYPES.get("bytes" if plain == "string" and not checked else plain, _MESSAGE),
            )
            if plain in _MESSAGES:
                made.type_name = f".mcugraph.{plain}"
            if group:
                if group[0] not in groups:
                    groups.append(group[0])
                    message.oneof_decl.add(name=group[0].rstrip(":"))
                made.oneof_index = groups.index(group[0])
    pool = DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    found = {name: pool.FindMessageTypeByName(f"mcugraph.{name}") for name in _MESSAGES}
    return {name: GetMessageClass(descriptor) for name, descriptor in found.items()}


def no_text(data: bytes) -> bytes | None:
    """A text in a file that is no UTF-8; None: there is none, or the file is no model at all."""
    from google.protobuf.message import DecodeError

    model = message_class("ModelProto", checked=False)()
    try:
        model.ParseFromString(data)
    except DecodeError:
        return None
    return next((text for text in _texts(model) if not _is_text(text)), None)


def _texts(root: Any) -> Iterator[bytes]:
    pending = [root]
    while pending:
        message = pending.pop()
        kinds = _kinds(message.DESCRIPTOR.name)
        for field, value in message.ListFields():
            kind = kinds[field.name]
            values = value if kind.endswith("*") else [value]
            if kind.startswith("string"):
                yield from values
            elif kind.rstrip("*") in _MESSAGES:
                pending += values


def _fields(message: str) -> list[list[str]]:
    """The words of each field of a message."""
    return [entry.split() for entry in _MESSAGES[message].split(", ")]


@cache
def _kinds(message: str) -> dict[str, str]:
    """The types of a message's fields by name."""
    return {name: kind for *_, name, kind in _fields(message)}


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
