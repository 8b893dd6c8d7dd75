"""The page of one model, or of two side by side: figures, memory over time, arena, operators."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from mcugraph.anatomy.arena_map import ArenaMap
from mcugraph.anatomy.entry import Anatomy
from mcugraph.anatomy.timeline import Timeline
from mcugraph.fit.boards import Board
from mcugraph.fit.remedies import Remedy
from mcugraph.fit.verdict import Verdict
from mcugraph.profiles import Profile
from mcugraph.records import dataclass
from mcugraph.report import group_report
from mcugraph.report.pages.shell import html
from mcugraph.report.short_names import NAME, end
from mcugraph.space.space import Space

_SCRIPTS = ("base.js", "timeline.js", "arena.js", "layers.js", "model.js")
_BODY = """<main></main>
<noscript>The figures of this page are drawn by its scripts: allow them to run.</noscript>"""


@dataclass(frozen=True, slots=True)
class PageModel:
    """A model on a page.

    Attributes:
        profile: Its figures.
        anatomy: What its pictures are drawn from.
        space: Its width groups; None: not known.
        remedies: Commands that make it take less, and what it takes then.
    """

    profile: Profile
    anatomy: Anatomy
    space: Space | None
    remedies: tuple[Remedy, ...]

    @property
    def label(self) -> str:
        """What the page calls it: the name of its file."""
        path = self.profile.model.path
        return PurePath(path).name if path else self.profile.model.name or "model"


def page(
    models: Sequence[PageModel], board: Board | None = None, verdict: Verdict | None = None
) -> str:
    """The page as HTML.

    Args:
        models: One model, or two to compare.
        board: What bars are drawn against.
        verdict: Whether the first one fits it.
    """
    data: dict[str, Any] = {"models": [_model_data(each) for each in models]}
    labels = [each["label"] for each in data["models"]]
    if len(set(labels)) < len(labels):  # tell files of one name apart by where they lie
        for each, shown in zip(data["models"], models, strict=True):
            each["label"] = shown.profile.model.path or each["label"]
    if board is not None:
        data["board"] = {"name": board.name, "sram": board.for_arena, "flash": board.for_program}
    if verdict is not None:
        data["verdict"] = {"code": 0 if verdict.fits else 1, "word": verdict.word}
    return html(" and ".join(labels), _BODY, data, _SCRIPTS)


def _model_data(shown: PageModel) -> dict[str, Any]:
    drawn = shown.anatomy
    number = {name: i for i, name in enumerate(drawn.tensors)}
    return {
        "label": shown.label,
        "profile": shown.profile.to_dict(),
        "names": [end(layer.name, NAME) for layer in shown.profile.layers],
        "tensors": drawn.tensors,
        "labels": [end(name, NAME) for name in drawn.tensors],
        "sizes": drawn.sizes,
        "inputs": drawn.inputs,
        "outputs": drawn.outputs,
        "given": drawn.given,
        "returned": drawn.returned,
        "timelines": [_timeline_data(each) for each in drawn.timelines],
        "arenas": [_arena_data(each, number) for each in drawn.arenas],
        "remedies": [{"command": each.command, "total": each.total} for each in shown.remedies],
        "groups": [] if shown.space is None else _groups(shown.space),
    }


def _groups(space: Space) -> list[dict[str, Any]]:
    """Width groups without the channels of each class, which nobody reads here."""
    found = group_report.to_data(space)["groups"]
    return [{key: group[key] for key in ("name", "width", "members")} for group in found]


def _timeline_data(line: Timeline) -> dict[str, Any]:
    return {
        "name": line.name,
        "order": line.order,
        "begin": line.begin,
        "end": line.end,
        "live": line.live,
        "bottleneck": line.bottleneck,
        "peak": line.peak,
    }


def _arena_data(drawn: ArenaMap, number: dict[str, int]) -> dict[str, Any]:
    """A map; a block is its tensor's number (else a name), bytes, from, to, offset, scratch."""
    return {
        "name": drawn.name,
        "order": drawn.order,
        "arena": drawn.arena,
        "steps": drawn.steps,
        "by_operator": drawn.by_operator,
        "blocks": [
            [
                block.label if block.scratch else number.get(block.label, block.label),
                block.size,
                block.begin,
                block.end,
                block.offset,
                int(block.scratch),
            ]
            for block in drawn.blocks
        ],
    }
