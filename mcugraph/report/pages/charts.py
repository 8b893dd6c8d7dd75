"""Charts as SVG and tables as HTML, for pages without scripts: fronts, histories."""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

from mcugraph.printed import clean
from mcugraph.records import dataclass

_WIDTH, _HEIGHT, _EDGE, _RIM = 640, 360, 64, 16
_TICKS = 6  # of an axis at most
_LEAST = 1e-6  # of the values of an axis: ends that are nearer are one
_LINES = ("#0b63c5", "#c2410c", "#1a7f37", "#9270ca", "#b8860b", "#2ba3a3")
_FEW = 8  # columns that a page has room for
_SCROLLS = '<p class="soft narrow">Where the table is wider than the page, it scrolls sideways.</p>'


@dataclass(frozen=True, slots=True)
class Axis:
    """One side of a chart.

    Attributes:
        label: What it shows.
        low, high: The values at its two ends; above 0 where it is logarithmic.
        show: Makes a text of a value.
        logarithmic: Whether equal distances are equal factors.
    """

    label: str
    low: float
    high: float
    show: Callable[[float], str]
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """Where a value lies between the ends, from 0 to 1."""
        if self.logarithmic:
            return math.log(value / self.low) / (math.log(self.high / self.low) or 1.0)
        return (value - self.low) / ((self.high - self.low) or 1.0)

    def ticks(self) -> list[float]:
        """Round values between the ends, a few of them; the ends where there are none."""
        if self.high - self.low <= _LEAST * max(abs(self.low), abs(self.high)):
            return [self.low]
        found = self._round_factors() if self.logarithmic else self._round_sums()
        return found if len(found) > 1 else [self.low, self.high]

    def _round_factors(self) -> list[float]:
        first, last = (math.floor(math.log10(end)) for end in (self.low, self.high))
        for rounds, every in (
            ((1, 2, 5), 1),
            ((1, 3), 1),
            *(((1,), n) for n in range(1, last - first + 2)),
        ):
            found = [n * 10.0**k for k in range(first, last + 1, every) for n in rounds]
            found = [value for value in found if self.low <= value <= self.high]
            if len(found) <= _TICKS:
                break
        return found

    def _round_sums(self) -> list[float]:
        size = self.high - self.low
        power = math.floor(math.log10(size))
        steps = [n * 10.0**k for k in (power - 1, power, power + 1) for n in (1, 2, 5)]
        step = next(step for step in steps if size / step < _TICKS)
        return [
            n * step for n in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)
        ]


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of a chart: its two values, what is said of it, and whether it stands out."""

    x: float
    y: float
    text: str
    front: bool = False


def text(words: str) -> str:
    """Words as HTML."""
    return escape(clean(words))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of numbers, which scrolls sideways where it is wider than the page."""
    titles = "".join(f'<th scope="col" class="number">{text(title)}</th>' for title in head)
    body = "".join(
        "<tr>" + "".join(f'<td class="number">{text(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    hint = _SCROLLS if len(head) > _FEW else ""
    return (
        f'{hint}<div class="sideways" role="region" aria-label="Table" tabindex="0"><table>'
        f"<thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def notes(title: str, sentences: Sequence[str]) -> str:
    """A box of sentences that are to be read before the rest."""
    items = "".join(f"<li>{text(sentence)}</li>" for sentence in sentences)
    return f'<div class="note"><strong>{text(title)}</strong><ul>{items}</ul></div>'


def scatter(
    marks: Sequence[Mark], across: Axis, up: Axis, label: str, bound: float | None = None
) -> str:
    """Points, those of the front above the others.

    Args:
        marks: The points.
        across: The axis of their first values.
        up: The axis of their second values.
        label: What the chart shows, for who cannot see it.
        bound: A value of the axis that goes up, drawn as a line if it is in sight.
    """
    found = []
    for mark in sorted(marks, key=lambda mark: mark.front):
        kind, radius = ("front", 5) if mark.front else ("all", 3)
        found.append(
            f'<circle class="{kind}" cx="{_across(across, mark.x):.1f}" '
            f'cy="{_up(up, mark.y):.1f}" r="{radius}"><title>{text(mark.text)}</title></circle>'
        )
    return _chart(across, up, label, bound, found)


def curves(
    steps: Sequence[float],
    series: Mapping[str, Sequence[float]],
    across: Axis,
    up: Axis,
    label: str,
    bound: float | None = None,
) -> str:
    """One line for each of the series, with a legend; the arguments are as for ``scatter``."""
    found = []
    for i, (name, values) in enumerate(series.items()):
        points = " ".join(
            f"{_across(across, x):.1f},{_up(up, y):.1f}" for x, y in zip(steps, values, strict=True)
        )
        colour, at = _LINES[i % len(_LINES)], _EDGE + 12 + 110 * i
        found.append(
            f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{points}"/>'
            f'<rect x="{at}" y="{_RIM - 10}" width="12" height="4" fill="{colour}"/>'
            f'<text x="{at + 17}" y="{_RIM - 4}">{text(name)}</text>'
        )
    return _chart(across, up, label, bound, found)


def _across(axis: Axis, value: float) -> float:
    return _EDGE + axis.share(value) * (_WIDTH - _RIM - _EDGE)


def _up(axis: Axis, value: float) -> float:
    return _HEIGHT - _EDGE - axis.share(value) * (_HEIGHT - _EDGE - _RIM)


def _chart(across: Axis, up: Axis, label: str, bound: float | None, found: Sequence[str]) -> str:
    bottom, right = _HEIGHT - _EDGE, _WIDTH - _RIM
    frame = [
        f'<line class="axis" x1="{_EDGE}" y1="{_RIM}" x2="{_EDGE}" y2="{bottom}"/>',
        f'<line class="axis" x1="{_EDGE}" y1="{bottom}" x2="{right}" y2="{bottom}"/>',
        *(
            f'<text x="{_across(across, value):.1f}" y="{bottom + 18}" text-anchor="middle">'
            f"{text(across.show(value))}</text>"
            for value in across.ticks()
        ),
        *(
            f'<text x="{_EDGE - 6}" y="{_up(up, value) + 4:.1f}" text-anchor="end">'
            f"{text(up.show(value))}</text>"
            for value in up.ticks()
        ),
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 18}" text-anchor="middle">'
        f"{text(across.label)}; up: {text(up.label)}</text>",
    ]
    if bound is not None and up.low <= bound <= up.high:
        y = f"{_up(up, bound):.1f}"
        frame.append(f'<line class="bound" x1="{_EDGE}" y1="{y}" x2="{right}" y2="{y}"/>')
    return (
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{text(label)}">{"".join([*frame, *found])}</svg>'
    )
