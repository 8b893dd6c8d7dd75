"""Short names for the tensors of a converted file: most of it would be names otherwise."""

import re
from collections.abc import Iterable
from typing import Any

from mcugraph.export.tflite_objects import kinds_of, packed, unpacked
from mcugraph.ir.names import Names

# Operators with weights, and the roles of their constants in the order of their inputs.
_LAYERS = {
    "conv_2d": ("weight", "bias"),
    "depthwise_conv_2d": ("weight", "bias"),
    "fully_connected": ("weight", "bias"),
    "transpose_conv": ("shape", "weight", "bias"),
}
_LAYER_CLASSES = ("Conv1d", "Conv2d", "ConvTranspose1d", "ConvTranspose2d", "Linear")


def shorten_names(data: bytes, model: Any, schema: Any, flatbuffers: Any, root: str = "") -> bytes:
    """The file with its tensors named after the modules that make them.

    The converter writes chains such as ``pkg.Net/torch.nn.Conv2d_stem;;...``. ``stem`` is left,
    or ``blocks/0/add`` for an operator that is no layer; weights become ``stem/weight``. Inputs
    and outputs are ``input`` and ``output``, numbered where there are several.

    Args:
        data: The converted file.
        model: The module that it was made of.
        schema: The classes of TFLite's schema, with its object interface.
        flatbuffers: The package that writes them.
        root: The attribute that holds the module, where another one was converted around it.
    """
    file = unpacked(data, schema)
    kind_of = kinds_of(file, schema)
    paths = _Paths(model, root)
    (graph,) = file.subgraphs
    given: dict[int, str] = {}
    for signature in file.signatureDefs or ():
        given.update(_ends("input", signature.inputs) | _ends("output", signature.outputs))
    names = Names(given.values(), "_")

    def give(index: int, wanted: str) -> None:
        if index in given:
            return
        given[index] = names.unique(wanted)

    def constant(index: int) -> bool:
        stored = file.buffers[graph.tensors[index].buffer].data
        return stored is not None and len(stored) > 0

    for operator in graph.operators:
        kind = kind_of(operator).lower() or "custom"
        results = [int(i) for i in operator.outputs]
        constants = [int(i) for i in operator.inputs if i >= 0 and constant(int(i))]
        chains = [graph.tensors[i].name.decode() for i in (results[0], *constants)]
        if kind in _LAYERS:
            base = next(filter(None, map(paths.layer, chains)), kind)
            give(results[0], base)
        else:
            outer = paths.outermost(chains[0])
            base = f"{outer}/{kind}" if outer else kind
        for index in results:
            give(index, base)
        for index, role in zip(constants, _LAYERS.get(kind, ("constant",) * 9), strict=False):
            give(index, f"{base}/{role}")
    for index, name in given.items():
        graph.tensors[index].name = name.encode()
    for signature in file.signatureDefs or ():
        for entry in (*signature.inputs, *signature.outputs):
            entry.name = given[int(entry.tensorIndex)].encode()
    return packed(file, flatbuffers)


def with_end_names(data: bytes, schema: Any, flatbuffers: Any) -> bytes:
    """A file whose inputs and outputs are called what its signature calls them.

    The quantiser gives another name to an output that it puts a QUANTIZE before.

    Args:
        data: The quantised file.
        schema: The classes of TFLite's schema, with its object interface.
        flatbuffers: The package that writes them.
    """
    file = unpacked(data, schema)
    tensors = file.subgraphs[0].tensors
    wrong = {
        int(entry.tensorIndex): entry.name
        for signature in file.signatureDefs or ()
        for entry in (*signature.inputs, *signature.outputs)
        if tensors[entry.tensorIndex].name != entry.name
    }
    if not wrong:
        return data
    holders = {tensor.name: tensor for tensor in tensors}
    for index, name in wrong.items():
        own = tensors[index].name
        if name in holders:
            holders[name].name = own
        tensors[index].name = name
    return packed(file, flatbuffers)


def end_names(kind: str, count: int) -> list[str]:
    """``["input"]``, or ``["input_0", "input_1"]``."""
    return [kind] if count == 1 else [f"{kind}_{i}" for i in range(count)]


def _ends(kind: str, entries: Any) -> dict[int, str]:
    """Tensor -> name, for inputs or outputs; the converter numbers them, in any order."""
    names = end_names(kind, len(entries))
    numbers = [re.findall(r"\d+", entry.name.decode()) for entry in entries]
    ranks = sorted(range(len(entries)), key=lambda i: [int(n) for n in numbers[i]])
    return {int(entries[i].tensorIndex): name for i, name in zip(ranks, names, strict=True)}


class _Paths:
    """The module paths behind the converter's names."""

    def __init__(self, model: Any, root: str) -> None:
        self.root = root
        self.paths = [
            (name.split("."), type(module).__name__)
            for name, module in model.named_modules(remove_duplicate=False)
            if name
        ]
        classes = {f"{type(m).__module__}.{type(m).__qualname__}" for m in model.modules()}
        # The longest first: the name of one class may be the beginning of another's.
        self.classes = sorted(classes, key=len, reverse=True)

    def layer(self, name: str) -> str | None:
        """The path of the layer with weights that a tensor stems from, if it does."""
        return next((path for path, kind in self._chains(name) if kind in _LAYER_CLASSES), None)

    def outermost(self, name: str) -> str:
        """The shortest path that a tensor stems from; empty: the network itself."""
        return min((path for path, _ in self._chains(name)), key=_depth, default="")

    def _chains(self, name: str) -> Iterable[tuple[str, str]]:
        """Path and class of each module in a name of the converter."""
        for chain in re.sub(r";\d*$", "", name).split(";;"):
            parts = [self._part(part) for part in chain.split("/")]
            kind = parts[-1][0]
            attributes = [attribute for _, attribute in parts[1:]]
            if attributes[:1] == [self.root]:
                del attributes[0]
            yield self._path(attributes, kind), kind

    def _part(self, part: str) -> tuple[str, str]:
        """``pkg.My_Net_stem`` -> its class and its attribute."""
        for known in self.classes:
            if part == known or part.startswith(f"{known}_"):
                return known.rpartition(".")[2], part[len(known) + 1 :]
        kind, _, attribute = part.rpartition(".")[2].partition("_")
        return kind, attribute

    def _path(self, attributes: list[str], kind: str) -> str:
        """The whole path: containers that are not called are missing in the converter's."""
        fitting = [
            path
            for path, made_of in self.paths
            if made_of == kind
            and attributes
            and path[-1] == attributes[-1]
            and _within(attributes, path)
        ]
        found = fitting[0] if len(fitting) == 1 else [part for part in attributes if part]
        return "/".join(found)


def _within(part: list[str], whole: list[str]) -> bool:
    """Whether the entries of one list come in another, in that order."""
    rest = iter(whole)
    return all(entry in rest for entry in part)


def _depth(path: str) -> int:
    return len(path.split("/")) if path else 0
