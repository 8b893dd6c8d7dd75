"""What operators and tensors are called where there is little room.

Converters join the names of all layers that they fuse, and come to hundreds of characters. An
operator is called by its place and its type, ``#3 DEPTHWISE_CONV_2D``, which is short and belongs
to it alone, and by the end of its name, which tells most.
"""

import re
from collections.abc import Sequence

from mcugraph.printed import clean
from mcugraph.profiles import Layer
from mcugraph.report.screen import Screen

NAME = 32
"""Characters of a name at the most, unless names are asked for in full."""

_LONG = re.compile(rf"[^\s(),']{{{NAME + 1},}}")

# What TensorFlow appends to the name of a layer whose bias is fused; nobody looks for it.
_PLUMBING = re.compile(r"(/(BiasAdd|ReadVariableOp|resource|BatchNorm_Fold/bias)\d*)+$")


def label(place: int, layer: Layer) -> str:
    """Place and type of an operator."""
    return f"#{place} {clean(layer.type)}"


def labels(layers: Sequence[Layer], screen: Screen) -> dict[str, str]:
    """What to call each operator, by name: place, type, and the end of the name."""
    return {
        layer.name: f"{label(place, layer)} {short(layer.name, screen)}"
        for place, layer in enumerate(layers)
    }


def short(name: str, screen: Screen) -> str:
    """A name, or the end of a long one."""
    return clean(name) if screen.full_names else end(name, NAME)


def in_sentence(text: str, layers: Sequence[Layer], screen: Screen) -> str:
    """A sentence in which long names are ends, those of operators with their places."""
    if screen.full_names:
        return text
    places = {layer.name: f"#{place} " for place, layer in enumerate(layers)}
    return _LONG.sub(lambda found: places.get(found[0], "") + end(found[0], NAME), text)


def end(name: str, width: int) -> str:
    """The end of a name, as many whole parts of it as there is room for."""
    name = clean(name)
    if len(name) <= width:
        return name
    name = _PLUMBING.sub("", name.rpartition(";")[2]) or name
    if len(name) < width:
        return f"…{name}"
    tail = name[1 - width :]
    # A part that would fill the room is cut rather than left out.
    begin = tail.find("/") + 1
    return f"…{tail[begin:] if begin <= len(tail) // 2 else tail}"
