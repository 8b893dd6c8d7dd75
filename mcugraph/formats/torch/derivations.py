"""Constants that a program's code works out of tensors that the model stores."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mcugraph.errors import GraphError
from mcugraph.formats.torch.program import ProgramReader
from mcugraph.formats.torch.values import from_numpy, to_numpy
from mcugraph.ir import Array, Shape, Tensor
from mcugraph.records import dataclass

# What these make has any values, until it is written to: the same ones each time.
_UNWRITTEN = frozenset({"aten::empty", "aten::empty_like", "aten::new_empty"})
_PARTS = frozenset(
    f"aten::{name}"
    for name in (
        *("slice", "select", "narrow", "split", "split_with_sizes", "chunk", "tensor_split"),
        *("unsafe_split", "unsafe_split_with_sizes", "unsafe_chunk"),
    )
)


@dataclass(frozen=True, slots=True, eq=False)
class Called:
    """One result of a call whose arguments are constants, as a function of those stored."""

    program: ProgramReader
    node: Any
    index: int

    @property
    def sources(self) -> Mapping[str, Shape]:
        """The stored tensors of floats that it is worked out of: key -> shape."""
        return {
            str(tensor.key): tensor.shape or ()
            for node in self._calls()
            for tensor in self._read(node)
            if tensor.name not in self.program.makers and self._varies(tensor)
        }

    @property
    def part_axes(self) -> tuple[int, ...] | None:
        """Of a part of a stored tensor, the axis there of each of its own.

        None: not all that makes it are calls that say where parts begin and end.
        """
        calls = self._calls()
        if len(self.sources) != 1 or any(n.target._schema.name not in _PARTS for n in calls):
            return None
        ((_, shape),) = self.sources.items()
        axes = list(range(len(shape)))
        for node in calls:
            if node.target._schema.name == "aten::select":
                del axes[int(self.program.resolve(node.args[1]))]
        return tuple(axes)

    def value(self, given: Mapping[str, Array]) -> Array:
        """What it would be with other values, or shapes, of some of its sources.

        Raises:
            GraphError: It cannot be worked out of them, or what it is of them cannot be told:
                on the way there are other numbers than floats.
        """
        made: dict[Any, Any] = {}
        changed: set[Any] = set()

        def held(tensor: Tensor) -> Any:
            node, index = self.program.makers.get(tensor.name, (None, 0))
            if node is not None:
                return _result(made[node], index)
            if self._varies(tensor) and str(tensor.key) in given:
                return from_numpy(lambda: given[str(tensor.key)])
            return self.program.values[tensor.name]()

        for node in self._calls():
            try:
                made[node] = call_on_host(self.program, node, held)
            except (RuntimeError, ValueError, IndexError, TypeError) as error:
                raise GraphError(str(error).partition("\n")[0]) from error
            if any(self._changed(tensor, given, changed) for tensor in self._read(node)):
                changed.add(node)
                result = made[node]
                results = result if isinstance(result, list | tuple) else [result]
                if not all(entry.is_floating_point() for entry in results):
                    raise GraphError("no floats are made of floats")
        return to_numpy(lambda: _result(made[self.node], self.index))

    def _changed(self, tensor: Tensor, given: Mapping[str, Array], changed: set[Any]) -> bool:
        node, _ = self.program.makers.get(tensor.name, (None, 0))
        return node in changed if node is not None else str(tensor.key) in given

    def _varies(self, tensor: Tensor) -> bool:
        """Whether it is a parameter or buffer of floats."""
        return tensor.dtype.is_float and tensor.key in self.program.held_by_model

    def _calls(self) -> list[Any]:
        """The calls that it takes, each after those that it reads results of."""
        found: dict[Any, None] = {}
        pending = [self.node]
        while pending:
            node = pending[-1]
            makers = [self.program.makers.get(tensor.name) for tensor in self._read(node)]
            before = [maker[0] for maker in makers if maker is not None and maker[0] not in found]
            pending.extend(before)
            if not before:
                found[pending.pop()] = None
        return list(found)

    def _read(self, node: Any) -> Iterator[Tensor]:
        for argument in (*node.args, *node.kwargs.values()):
            resolved = self.program.resolve(argument)
            for entry in resolved if isinstance(resolved, list) else [resolved]:
                if isinstance(entry, Tensor) and entry.name in self.program.values:
                    yield entry


def _result(made: Any, index: int) -> Any:
    return made[index] if isinstance(made, list | tuple) else made


def call_on_host(program: ProgramReader, node: Any, held: Callable[[Tensor], Any]) -> Any:
    """What a call yields, on the host; nothing is written to.

    Args:
        program: It is a call of this.
        node: The call.
        held: The values of constants.
    """
    import torch

    writes = node.target._schema.is_mutable

    def real(value: Any) -> Any:
        if isinstance(value, Tensor):
            if value.name not in program.values:  # only its shape matters
                return torch.empty(value.shape or ())
            found = held(value)
            return found.clone() if writes else found
        if isinstance(value, list):
            return [real(entry) for entry in value]
        return torch.device("cpu") if isinstance(value, torch.device) else value

    args = [real(program.resolve(argument)) for argument in node.args]
    kwargs = {key: real(program.resolve(value)) for key, value in node.kwargs.items()}
    name = node.target._schema.name
    if node.target is torch.ops.aten.copy.default:  # what it would write to was not read
        kind = node.meta["val"]
        args[0] = torch.empty(program.sizes.shape(kind.shape), dtype=kind.dtype)
    # Copies are left out, so what is viewed may lie in another order.
    call = torch.ops.aten.reshape.default if name == "aten::view" else node.target
    with torch.no_grad():
        made = call(*args, **kwargs)
    return made.zero_() if name in _UNWRITTEN else made
