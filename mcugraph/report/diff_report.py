"""The figures of two models side by side, and the operators that differ."""

from collections.abc import Sequence
from typing import Any

from mcugraph.profiles import Layer, Profile
from mcugraph.report.figure_names import NAMES
from mcugraph.report.screen import PLAIN, Cell, Line, Screen, Styled
from mcugraph.report.short_names import end, label, short
from mcugraph.report.table import columns

# The name of an operator, and what it is in each model.
_Pair = tuple[str, Layer | None, Layer | None]

# Attributes of a layer that are compared, and what the table calls them.
_FIELDS = {"macs": "MACs", "weights": "weights B", "output_bytes": "output B"}


def to_data(before: Profile | None, after: Profile) -> dict[str, Any]:
    """Figures and operators of both, ready for JSON; without a model before there is nothing."""
    return {
        "figures": {name: {"a": a, "b": b} for name, a, b in pairs_of(before, after)},
        "layers": [
            {
                "name": name,
                **{
                    side: None if layer is None else {f: getattr(layer, f) for f in _FIELDS}
                    for side, layer in (("a", a), ("b", b))
                },
            }
            for name, a, b in _layers(before, after)
        ],
    }


def to_text(before: Profile | None, after: Profile, screen: Screen = PLAIN) -> str:
    """A table of the figures, and one of the operators that differ, if any do."""
    found = {name: (a, b) for name, a, b in pairs_of(before, after)}
    rows: list[list[Cell]] = [
        [called, *map(_show, found[name]), _changed(*found[name])] for name, called in NAMES.items()
    ]
    lines: list[Line] = columns(("figure", "A", "B", "B - A"), rows, (1, 2, 3), screen)
    pairs = [] if before is None else _layers(before, after)
    if before is not None and pairs:
        lines += ["", *_operators(before, after, pairs, screen)]
    return screen.page(lines)


def _operators(
    before: Profile, after: Profile, pairs: Sequence[_Pair], screen: Screen
) -> list[Line]:
    """A row for each operator; what is the same of all of them is left out."""
    in_a = [_called(before, a) for _, a, _ in pairs]
    in_b = [_called(after, b) for _, _, b in pairs]
    filled: dict[str, list[str]] = {
        "name": [short(name, screen) for name, _, _ in pairs],
        **({"operator": in_a} if in_a == in_b else {"A": in_a, "B": in_b}),
    }
    for field, title in _FIELDS.items():
        changes = [_layer(a, b, field) for _, a, b in pairs]
        if any(change != "=" for change in changes):
            filled[title] = changes
    left = {"name", "operator", "A", "B"}
    right = [i for i, title in enumerate(filled) if title not in left]
    rows = list(zip(*filled.values(), strict=True))
    return columns(tuple(filled), rows, right, screen, right[::-1], cut=end)


def _changed(a: int | None, b: int | None) -> Cell:
    """A difference; less is good."""
    text = change_of(a, b)
    if a is None or b is None or a == b:
        return text
    return Styled(text, "good" if b < a else "bad")


def pairs_of(before: Profile | None, after: Profile) -> list[tuple[str, int | None, int | None]]:
    """Each figure by the name of its field: before, and after; None: not known."""
    earlier = {} if before is None else dict(_figures(before))
    return [(name, earlier.get(name), value) for name, value in _figures(after)]


def _figures(found: Profile) -> list[tuple[str, int | None]]:
    memory, flash = found.memory, found.flash
    return [
        ("peak", memory.peak),
        ("file_order_peak", memory.file_order_peak),
        ("tflm_arena", memory.tflm_arena),
        ("tflm_persistent", memory.tflm_persistent),
        ("tflm_total", memory.tflm_total),
        ("planned_arena", memory.planned_arena),
        ("overlap_arena", memory.overlap_arena),
        ("state", memory.state),
        ("file", flash.file),
        ("weights", flash.weights),
        ("biases", flash.biases),
        ("quantization", flash.quantization),
        ("parameters", found.model.parameters),
        ("operators", found.model.operators),
        ("macs", found.macs),
        ("elementwise", found.elementwise),
    ]


def _layers(before: Profile | None, after: Profile) -> list[_Pair]:
    """Operators, matched by name, that are in one model only or cost something else."""
    first = {} if before is None else {layer.name: layer for layer in before.layers}
    second = {layer.name: layer for layer in after.layers}
    pairs = [(name, first.get(name), second.get(name)) for name in {**first, **second}]
    return [(name, a, b) for name, a, b in pairs if _cost(a) != _cost(b)]


def _cost(layer: Layer | None) -> tuple[object, ...] | None:
    return None if layer is None else (layer.type, *(getattr(layer, name) for name in _FIELDS))


def _called(found: Profile, layer: Layer | None) -> str:
    return "-" if layer is None else label(found.layers.index(layer), layer)


def _layer(a: Layer | None, b: Layer | None, field: str) -> str:
    values = [0 if layer is None else getattr(layer, field) for layer in (a, b)]
    return change_of(*values)


def _show(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def change_of(a: int | None, b: int | None) -> str:
    """A difference, and its share of what was there."""
    if a is None or b is None:
        return "?"
    share = f" ({(b - a) / a:+.1%})" if a and a != b else ""
    return f"{b - a:+,}{share}" if a != b else "="
