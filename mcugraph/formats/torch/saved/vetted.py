"""The JSON of a saved program, put together again from parts that are known to be harmless.

``torch.export.load`` trusts the file: it evaluates sizes, unpickles, resolves any attribute of
``torch``, and PyTorch makes Python code of the names in it. So every part is checked by what it
has to be and copied; what is not listed here does not get any further. The fields are those of
``torch/_export/serde/schema.py``.
"""

import keyword
from collections.abc import Callable, Mapping
from typing import Any

from mcugraph.errors import FormatError
from mcugraph.formats.torch.saved.expressions import is_symbol, parse
from mcugraph.formats.torch.saved.targets import checked_target

Check = Callable[[Any], Any]  # the harmless form of a part, or a FormatError

_CPU = {"type": "cpu", "index": None}
_COUNTED = ("u", "zuf")  # how symbols begin that PyTorch counts up to
_FLOATS = ("Infinity", "-Infinity", "NaN")


def _refuse(value: object, wanted: str) -> FormatError:
    return FormatError(f"damaged program: {wanted} is needed, not {repr(value)[:60]}")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _refuse(value, "a text")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 1 << 63:
        raise _refuse(value, "a whole number of 64 bits")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refuse(value, "true or false")
    return value


def _real(value: Any) -> float:
    if value not in _FLOATS and (not isinstance(value, int | float) or isinstance(value, bool)):
        raise _refuse(value, "a number")
    return float(value)


def _name(value: Any) -> str:
    """A name that stands in code as it is."""
    if not isinstance(value, str) or not value.isidentifier() or keyword.iskeyword(value):
        raise _refuse(value, "a name")
    return value


def _name_or_nothing(value: Any) -> str:
    return "" if value == "" else _name(value)


def _path(value: Any) -> str:
    """The path of a parameter, which stands in code between quotes."""
    harmless = isinstance(value, str) and value.isprintable() and not set(value) & set("\"'\\")
    if not harmless or any(part.startswith("__") for part in value.split(".")):
        raise _refuse(value, "the path of a parameter")
    return str(value)


def _always(value: Any) -> Check:
    """One value, whatever the file says."""
    return lambda _: value


def _optional(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _listed(check: Check) -> Check:
    def checked(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise _refuse(value, "a list")
        return [check(entry) for entry in value]

    return checked


def _mapped(check: Check, key: Check = _name) -> Check:
    def checked(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _refuse(value, "an object")
        return {key(name): check(entry) for name, entry in value.items()}

    return checked


def _record(**fields: Check) -> Check:
    """An object with these fields; a field that is not there is read as null."""

    def checked(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _refuse(value, "an object")
        return {name: check(value.get(name)) for name, check in fields.items()}

    return checked


def _one_of(**kinds: Check) -> Check:
    """An object with one field, which says what it is."""

    def checked(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or len(value) != 1:
            raise _refuse(value, "an object with one field")
        ((kind, content),) = value.items()
        if kind not in kinds:
            raise FormatError(f"it holds {str(kind)!r}, which is not read without --trust")
        return {kind: kinds[kind](content)}

    return checked


def _ranged(value: Any) -> str:
    """What has a range: the name of a symbol, or an expression, which is only ever compared."""
    if value.startswith(_COUNTED) and not is_symbol(value):
        raise _refuse(value, "the name of a symbol")
    return str(value)


def _stack(value: Any) -> dict[str, str]:
    """Of all that is noted about a node, the modules that it was made in."""
    stack = value.get("nn_module_stack") if isinstance(value, dict) else None
    return {"nn_module_stack": stack} if isinstance(stack, str) and stack else {}


# An expression is handed on as sympy's own object, so that nobody evaluates its text.
_EXPRESSION = _record(
    expr_str=lambda value: parse(_text(value)),
    hint=_optional(_one_of(as_int=_whole, as_bool=_flag, as_float=_real)),
)
_SIZE = _one_of(as_expr=_EXPRESSION, as_int=_whole)
_TENSOR = _record(name=_name)
_SYM_INT = _one_of(as_name=_name, as_int=_whole)
_SYM_FLOAT = _one_of(as_name=_name, as_float=_real)
_SYM_BOOL = _one_of(as_name=_name, as_bool=_flag)
_TENSOR_META = _record(
    dtype=_whole,
    sizes=_listed(_SIZE),
    requires_grad=_flag,
    device=_always(_CPU),
    strides=_listed(_SIZE),
    storage_offset=_SIZE,
    layout=_whole,
)


def _argument(value: Any) -> Any:
    return _ARGUMENT(value)


def _graph(value: Any) -> Any:
    return _GRAPH(value)


_ARGUMENT = _one_of(
    as_none=_flag,
    as_tensor=_TENSOR,
    as_tensors=_listed(_TENSOR),
    as_nested_tensors=_listed(_listed(_TENSOR)),
    as_optional_tensors=_listed(_one_of(as_tensor=_TENSOR, as_none=_flag)),
    as_int=_whole,
    as_ints=_listed(_whole),
    as_int_lists=_listed(_listed(_whole)),
    as_float=_real,
    as_floats=_listed(_real),
    as_float_lists=_listed(_listed(_real)),
    as_bool=_flag,
    as_bools=_listed(_flag),
    as_string=_text,
    as_strings=_listed(_text),
    as_complex=_record(real=_real, imag=_real),
    as_sym_int=_SYM_INT,
    as_sym_ints=_listed(_SYM_INT),
    as_sym_float=_SYM_FLOAT,
    as_sym_floats=_listed(_SYM_FLOAT),
    as_sym_bool=_SYM_BOOL,
    as_sym_bools=_listed(_SYM_BOOL),
    as_scalar_type=_whole,
    as_memory_format=_whole,
    as_layout=_whole,
    as_device=_always(_CPU),
    as_operator=lambda value: checked_target(_text(value)),
    as_graph=_record(name=_name, graph=_graph),
    as_string_to_argument=_mapped(_argument, key=_text),
)
_NODE = _record(
    target=lambda value: checked_target(_text(value)),
    inputs=_listed(_record(name=_name_or_nothing, arg=_ARGUMENT, kind=_optional(_whole))),
    outputs=_listed(_ARGUMENT),
    metadata=_stack,
    is_hop_single_tensor_return=_optional(_flag),
    name=_optional(_name),
)
_GRAPH = _record(
    inputs=_listed(_ARGUMENT),
    outputs=_listed(_ARGUMENT),
    nodes=_listed(_NODE),
    tensor_values=_mapped(_TENSOR_META),
    sym_int_values=_mapped(_SIZE),
    sym_bool_values=_mapped(_one_of(as_expr=_EXPRESSION, as_bool=_flag)),
    sym_float_values=_mapped(_one_of(as_expr=_EXPRESSION, as_float=_real)),
    custom_obj_values=_always({}),
    is_single_tensor_return=_flag,
)
_INPUT = _one_of(
    user_input=_record(arg=_ARGUMENT),
    parameter=_record(arg=_TENSOR, parameter_name=_path),
    buffer=_record(arg=_TENSOR, buffer_name=_path, persistent=_flag),
    tensor_constant=_record(arg=_TENSOR, tensor_constant_name=_path),
    constant_input=_record(
        name=_name,
        value=_one_of(as_none=_flag, as_int=_whole, as_float=_real, as_string=_text, as_bool=_flag),
    ),
)
_OUTPUT = _one_of(
    user_output=_record(arg=_ARGUMENT),
    buffer_mutation=_record(arg=_TENSOR, buffer_name=_path),
    parameter_mutation=_record(arg=_TENSOR, parameter_name=_path),
    user_input_mutation=_record(arg=_TENSOR, user_input_name=_name),
)
_PROGRAM = _record(
    graph_module=_record(
        graph=_GRAPH,
        signature=_record(input_specs=_listed(_INPUT), output_specs=_listed(_OUTPUT)),
        metadata=_always({}),
        treespec_namedtuple_fields=_always({}),
    ),
    opset_version=_always({}),
    range_constraints=_mapped(
        _record(min_val=_optional(_whole), max_val=_optional(_whole)), key=_ranged
    ),
    schema_version=_record(major=_whole, minor=_whole),
    verifiers=_always(["TRAINING"]),  # the most lenient one: in-place operators are read, too
    torch_version=_always(""),
    guards_code=_always([]),
)
# The tensor that a file of weights or constants holds under a name.
_PAYLOAD = _record(
    path_name=_text, is_param=_flag, use_pickle=_flag, tensor_meta=_optional(_TENSOR_META)
)
payloads = _record(config=_mapped(_PAYLOAD, key=_path))


def vetted(program: Any) -> Mapping[str, Any]:
    """The harmless form of a saved program; its inputs and results are flat.

    Args:
        program: What the JSON of the program says.

    Raises:
        FormatError: It is damaged, or holds what cannot be taken as data.
    """
    result: dict[str, Any] = _PROGRAM(program)
    module = result["graph_module"]
    specs = module["signature"]["input_specs"]
    inputs = [_given(spec) for spec in specs if "user_input" in spec or "constant_input" in spec]
    outputs = [
        spec["user_output"]["arg"]
        for spec in module["signature"]["output_specs"]
        if "user_output" in spec
    ]
    module["module_call_graph"] = [
        {
            "fqn": "",
            "signature": {
                "inputs": [argument for _, argument in inputs],
                "outputs": outputs,
                "in_spec": _flat(((0,) * len(inputs), {})),
                "out_spec": _flat((0,) * len(outputs)),
                "forward_arg_names": [name for name, _ in inputs],
            },
        }
    ]
    return result


def _given(spec: Mapping[str, Any]) -> tuple[str, Any]:
    """The name and the value of an input that a caller gives."""
    if "constant_input" in spec:
        return spec["constant_input"]["name"], spec["constant_input"]["value"]
    argument = spec["user_input"]["arg"]
    ((_, value),) = argument.items()
    named = value if isinstance(value, dict) else {}
    return str(named.get("name", named.get("as_name", ""))), argument


def _flat(example: Any) -> str:
    """How a tuple of values is described."""
    from torch.utils import _pytree

    return str(_pytree.treespec_dumps(_pytree.tree_structure(example)))
