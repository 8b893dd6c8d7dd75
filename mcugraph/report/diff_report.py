"""The figures of two models side by side, and the operators that differ."""

from typing import Any

from mcugraph.printed import page
from mcugraph.profiles import Layer, Profile
from mcugraph.report.table import shorten, table

# Attributes of a layer that are compared, and what the table calls them.
_FIELDS = {"macs": "MACs", "weights": "weights B", "output_bytes": "output B"}


def to_data(before: Profile, after: Profile) -> dict[str, Any]:
    """Figures and operators of both, ready for JSON."""
    return {
        "figures": {name: {"a": a, "b": b} for name, a, b in _pairs(before, after)},
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


def to_text(before: Profile, after: Profile) -> str:
    """A table of the figures, and one of the operators that differ, if any do."""
    rows = [(name, _show(a), _show(b), _change(a, b)) for name, a, b in _pairs(before, after)]
    lines = table(("figure", "A", "B", "B - A"), rows, right=(1, 2, 3))
    shown = [
        (shorten(name, 44), _type(a), _type(b), *(_layer(a, b, field) for field in _FIELDS))
        for name, a, b in _layers(before, after)
    ]
    if not shown:
        return page(lines)
    header = ("operator", "A", "B", *_FIELDS.values())
    return page([*lines, "", *table(header, shown, right=(3, 4, 5))])


def _pairs(before: Profile, after: Profile) -> list[tuple[str, int | None, int | None]]:
    both = zip(_figures(before), _figures(after), strict=True)
    return [(name, a, b) for (name, a), (_, b) in both]


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


def _layers(before: Profile, after: Profile) -> list[tuple[str, Layer | None, Layer | None]]:
    """Operators, matched by name, that are in one model only or cost something else."""
    first = {layer.name: layer for layer in before.layers}
    second = {layer.name: layer for layer in after.layers}
    pairs = [(name, first.get(name), second.get(name)) for name in {**first, **second}]
    return [(name, a, b) for name, a, b in pairs if _cost(a) != _cost(b)]


def _cost(layer: Layer | None) -> tuple[object, ...] | None:
    return None if layer is None else (layer.type, *(getattr(layer, name) for name in _FIELDS))


def _type(layer: Layer | None) -> str:
    return "-" if layer is None else layer.type


def _layer(a: Layer | None, b: Layer | None, field: str) -> str:
    values = [0 if layer is None else getattr(layer, field) for layer in (a, b)]
    return _change(*values)


def _show(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def _change(a: int | None, b: int | None) -> str:
    if a is None or b is None:
        return "?"
    share = f" ({(b - a) / a:+.1%})" if a and a != b else ""
    return f"{b - a:+,}{share}" if a != b else "="
