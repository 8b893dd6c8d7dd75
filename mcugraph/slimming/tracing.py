"""The code of one module as a graph of calls.

The code runs once, on what the module is given for the example, and each call is written down.
Names stand for tensors and for their sizes, and know the values: so code may branch on sizes,
loop over parts of a tensor or take the root of a depth. What it computes of sizes stays computed,
so the graph runs with other sizes too; only the length of the batch may not be looped over.
"""

import dis
import inspect
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FunctionType
from typing import Any, cast
from unittest import mock

import torch
import torch.nn.functional as F  # noqa: N812

from mcugraph.records import dataclass
from mcugraph.slimming.module import by_mode

Given = tuple[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Traced:
    """The forward method of a module.

    Attributes:
        graph: Its code, with children as they are.
        sizes: Nodes that stand for numbers -> what they were for the example.
    """

    graph: torch.fx.Graph
    sizes: dict[str, int]


def traced(
    module: torch.nn.Module, calls: Sequence[Given], opened: frozenset[str] = frozenset()
) -> Traced:
    """The forward method of a module, with its children as they are.

    What depends on the mode by being given ``self.training`` still does so.

    Args:
        module: It may get attributes for constants of its code, and its buffers may change.
        calls: What it is called with in one run of the model: by position and by name.
        opened: Paths in the module of those whose code becomes a part of it.

    Raises:
        Exception: What the code raises when it is given names instead of tensors.
    """
    if not calls:
        raise ValueError("it is not called")
    if any(_pattern(module, given) != _pattern(module, calls[0]) for given in calls):
        raise ValueError("it is called in more than one way")
    modes, mode = [], module.training
    parts = [module.get_submodule(path) for path in sorted(opened)]
    modes_of_parts = [part.training for part in parts]
    try:
        with torch.no_grad(), torch.random.fork_rng(), mock.patch.multiple(torch, **_FACTORIES):
            for training in (False, True):
                for part in (module, *parts):
                    part.training = training
                tracer = _Tracer(_bound(module, calls[0]), opened)
                graph = tracer.trace(module)
                graph._tracer_cls = torch.fx.Tracer  # of copies that are read from a file
                for node in reversed(graph.nodes):
                    node.meta.pop("nn_module_stack", None)  # of modules that are no longer called
                    if isinstance(node.type, str):
                        node.type = None  # an annotation that is not evaluated cannot be saved
                    if node.name in tracer.numbers and not node.users:
                        graph.erase_node(node)
                modes.append((graph, tracer.sizes))
    finally:
        module.training = mode
        for part, held in zip(parts, modes_of_parts, strict=True):
            part.training = held
    graph, sizes = modes[int(mode)]
    pairs = list(zip(*(entry.nodes for entry, _ in modes), strict=False))
    counts = {len(entry.nodes) for entry, _ in modes}
    if len(counts) == 1 and all(a.target == b.target for a, b in pairs):
        for node, (at_rest, in_training) in zip(list(graph.nodes), pairs, strict=True):
            _follow_mode(graph, node, at_rest, in_training)
    return Traced(graph, sizes)


def _bound(module: torch.nn.Module, given: Given) -> Mapping[str, Any]:
    bound = inspect.signature(module.forward).bind(*given[0], **given[1])
    bound.apply_defaults()
    return bound.arguments


def _pattern(module: torch.nn.Module, given: Given) -> list[Any]:
    """What calls have to have in common: everything but the tensors; which of them are one."""
    seen: list[Any] = []
    found: list[Any] = []
    for value in _bound(module, given).values():
        if isinstance(value, torch.Tensor):
            place = next((i for i, other in enumerate(seen) if other is value), len(seen))
            seen.append(value)
            found.append((value.ndim, place))
        else:
            found.append(value if isinstance(value, _PLAIN) else type(value))
    return found


class _Batch(int):
    """The length of a batch, or what is computed of one."""


def _tainted(name: str) -> Callable[..., Any]:
    plain = getattr(int, name)

    def compute(self: Any, *others: Any) -> Any:
        result = plain(self, *others)
        return _Batch(result) if type(result) is int else result

    return compute


for _name in ("add", "sub", "mul", "floordiv", "mod", "pow"):
    for _form in (f"__{_name}__", f"__r{_name}__"):
        setattr(_Batch, _form, _tainted(_form))


def _in_place(name: str) -> Callable[..., Any]:
    """An operation that a tensor does in place, and a number does not."""
    plain, changing = getattr(operator, name), getattr(operator, f"i{name.strip('_')}")

    def compute(self: Any, other: Any) -> Any:
        target = changing if isinstance(self.value, torch.Tensor) else plain
        return self.tracer.create_proxy("call_function", target, (self, other), {})

    return compute


class _Known(torch.fx.Proxy):
    """A name for a value that is known."""

    def __init__(self, node: Any, tracer: Any) -> None:
        super().__init__(node, tracer)
        self.value: Any = None

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """What code that asks for types is told: a name for a tensor is one."""
        return torch.Tensor if isinstance(self.__dict__.get("value"), torch.Tensor) else _Known

    def __getattr__(self, name: str) -> Any:
        found = _sized(self.value) if name == "shape" else getattr(self.value, name)
        if callable(found):
            return lambda *args, **kwargs: self.tracer.create_proxy(
                "call_method", name, (self, *args), kwargs
            )
        if isinstance(found, torch.Tensor | tuple):
            return self.tracer.create_proxy("call_function", getattr, (self, name), {})
        return found

    def __iter__(self) -> Iterator[Any]:
        """As PyTorch unpacks a tensor: by one call that gives all entries of its first axis."""
        frame = inspect.currentframe()
        calling = None if frame is None else frame.f_back
        assert calling is not None
        instructions = dis.get_instructions(calling.f_code)
        last = next(i for i in instructions if i.offset == calling.f_lasti)
        if not isinstance(self.value, torch.Tensor) or last.opname != "UNPACK_SEQUENCE":
            return iter(self.tracer.iter(self))
        parts: Any = self.tracer.create_proxy("call_method", "unbind", (self,), {})
        return (parts[i] for i in range(last.argval))

    def __setitem__(self, key: Any, value: Any) -> None:
        self.tracer.create_proxy("call_function", operator.setitem, (self, key, value), {})

    def _number(self) -> Any:
        if isinstance(self.value, _Batch):
            raise TypeError("its code counts the batch of the example")
        return self.value

    def __index__(self) -> int:
        return operator.index(self._number())

    def __int__(self) -> int:
        return int(self._number())

    def __float__(self) -> float:
        return float(self._number())

    def __len__(self) -> int:
        if isinstance(self.value, torch.Tensor):
            raise TypeError("its code counts the batch of the example")
        return len(self.value)

    @classmethod
    def __torch_function__(
        cls, orig_method: Any, types: Any, args: Any = None, kwargs: Any = None
    ) -> Any:
        inner = _COMPOSED.get(orig_method)
        if inner is not None:
            return inner(*(args or ()), **(kwargs or {}))
        return super().__torch_function__(orig_method, types, args, kwargs)


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and_", "or_", "xor"):
    setattr(_Known, f"__i{_name.strip('_')}__", _in_place(_name))


def _inlined(function: Any) -> Any:
    """A function of PyTorch that is written in Python, without its dispatch on foreign types."""
    names = {**function.__globals__, "has_torch_function": lambda _: False}
    copy = FunctionType(function.__code__, names, function.__name__, function.__defaults__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


# What hides sizes inside, and is looked into.
_COMPOSED = {
    F.multi_head_attention_forward: _inlined(F.multi_head_attention_forward),
}


def _named(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that makes tensors of sizes, where names may be given for the sizes."""

    def make(*args: Any, **kwargs: Any) -> Any:
        name = next((given for given in args if isinstance(given, _Known)), None)
        if name is None:
            return function(*args, **kwargs)
        return name.tracer.create_proxy("call_function", function, args, kwargs)

    return make


# PyTorch takes names for lists of sizes, but not for sizes one by one.
_FACTORIES: dict[str, Any] = {
    name: _named(getattr(torch, name)) for name in ("zeros", "ones", "empty", "rand", "randn")
}

# What is a value of its own, and no name for one.
_PLAIN = (bool, float, complex, str, bytes, type(None), torch.dtype, torch.device, torch.layout)
_COUNTS_OF_AXES = ("dim", "ndimension", "get_device", "element_size", "stride", "storage_offset")


def _sized(tensor: torch.Tensor) -> tuple[int, ...]:
    """The shape of a tensor, where the batch is told from other lengths."""
    shape = tuple(tensor.shape)
    if isinstance(tensor, torch.nn.Parameter):
        return shape
    return tuple(_Batch(n) if axis == 0 else n for axis, n in enumerate(shape))


class _Tracer(torch.fx.Tracer):
    """Children stay as they are; every name knows what it stands for."""

    trace_asserts = False
    proxy_buffer_attributes = True

    def __init__(self, given: Mapping[str, Any], opened: frozenset[str]) -> None:
        super().__init__(autowrap_modules=cast(Any, ()))  # roots of sizes are numbers
        self.given, self.opened = given, opened
        self.sizes: dict[str, int] = {}
        self.numbers: set[str] = set()  # nodes that no tensor comes of
        self._inputs: list[_Known] = []
        self._running = False

    def is_leaf_module(self, m: torch.nn.Module, module_qualified_name: str) -> bool:
        return module_qualified_name not in self.opened

    def call_module(self, m: Any, forward: Any, args: Any, kwargs: Any) -> Any:
        if self._running:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: Any) -> Any:
        if self._running:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)

    def proxy(self, node: torch.fx.Node) -> _Known:
        return _Known(node, self)

    def create_arg(self, a: Any) -> Any:
        return a.node if type(a) is _Known else super().create_arg(a)

    def create_proxy(
        self, kind: str, target: Any, args: Any, kwargs: Any, *rest: Any, **options: Any
    ) -> Any:
        made: Any = super().create_proxy(kind, target, args, kwargs, *rest, **options)
        if kind == "placeholder":
            return self._input(made, str(target).lstrip("*"))
        made.value = self._value(kind, target, *map(_values, (args, kwargs)))
        if target is operator.setitem:
            return made  # what it writes to is what the code goes on with
        if isinstance(made.value, (*_PLAIN, int)) or _is_shape(made.value):
            self.numbers.add(made.node.name)
        if isinstance(made.value, _PLAIN) or target in _COUNTS_OF_AXES:
            return made.value
        if isinstance(made.value, int):
            self.sizes[made.node.name] = int(made.value)
        return made

    def _input(self, made: _Known, name: str) -> Any:
        made.value = self.given[name]
        for other in self._inputs:
            if other.value is made.value:
                return other
        if isinstance(made.value, (*_PLAIN, int)):
            return made.value
        self._inputs.append(made)
        return made

    def _value(self, kind: str, target: Any, args: Any, kwargs: Any) -> Any:
        self._running = True
        try:
            if kind == "get_attr":
                return operator.attrgetter(target)(self.root)
            if kind == "call_module":
                return self.root.get_submodule(target)(*args, **kwargs)
            if kind == "call_method":
                if target == "size" and isinstance(args[0], torch.Tensor):
                    shape = _sized(args[0])
                    axis = [*args[1:], *kwargs.values()]
                    return shape[axis[0]] if axis and axis[0] is not None else shape
                return getattr(args[0], target)(*args[1:], **kwargs)
            if target is getattr and args[1] == "shape":
                return _sized(args[0])
            return target(*args, **kwargs) if kind == "call_function" else None
        finally:
            self._running = False

    def to_bool(self, obj: Any) -> bool:
        if isinstance(obj.value, torch.Tensor):
            return super().to_bool(obj)
        return bool(obj.value)

    def iter(self, obj: Any) -> Iterator[Any]:
        if not isinstance(obj.value, tuple | list):
            return super().iter(obj)
        return (obj[i] for i in range(len(obj.value)))


def _is_shape(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(entry, int) for entry in value)


def _values(given: Any) -> Any:
    """Arguments with values in place of names."""
    if isinstance(given, _Known):
        return given.value
    if isinstance(given, slice):
        return slice(*map(_values, (given.start, given.stop, given.step)))
    if isinstance(given, Mapping):
        return {key: _values(value) for key, value in given.items()}
    if isinstance(given, list | tuple) and type(given) in (list, tuple):
        return type(given)(map(_values, given))
    return given


def _follow_mode(
    graph: torch.fx.Graph, node: torch.fx.Node, at_rest: torch.fx.Node, in_training: torch.fx.Node
) -> None:
    """Let a call ask for the mode where its arguments differ by it."""

    def chosen(first: Any, second: Any) -> Any:
        with graph.inserting_before(node):
            flag = graph.create_node("get_attr", "training")
            if first is False and second is True:
                return flag
            return graph.call_function(by_mode, (flag, second, first))

    def differ(first: Any, second: Any) -> bool:
        return isinstance(first, _PLAIN) and isinstance(second, _PLAIN) and first != second

    for place, (first, second) in enumerate(zip(at_rest.args, in_training.args, strict=False)):
        if differ(first, second):
            node.update_arg(place, chosen(first, second))
    for name, first in list(at_rest.kwargs.items()):
        if differ(first, in_training.kwargs.get(name)):
            node.update_kwarg(name, chosen(first, in_training.kwargs.get(name)))
