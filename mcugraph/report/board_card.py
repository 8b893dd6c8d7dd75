"""One board in full: its memories, its core, and the documents that say so."""

from mcugraph.fit.boards import Board
from mcugraph.records import replace
from mcugraph.report.screen import PLAIN, Line, Screen, Styled
from mcugraph.units import size


def to_text(board: Board, screen: Screen = PLAIN) -> str:
    """What is known of a board, a line for each field that it has."""
    rows = [
        ("maker", board.vendor),
        ("microcontroller", board.mcu),
        ("core", _core(board)),
        ("SRAM", _memory(board.sram)),
        ("for an arena", _memory(board.for_arena)),
        ("flash", _memory(board.flash)),
        ("for a program", _memory(board.for_program)),
        ("external RAM", _memory(board.external_ram)),
        ("external flash", _memory(board.external_flash)),
        ("too small", board.too_small),
        ("note", board.note),
        ("source", board.source),
        ("kit", board.usable_source or "none that says so: all of it is taken to be left"),
    ]
    indent = max(len(label) for label, _ in rows) + 2
    whole = replace(screen, full_names=True)  # addresses are for browsers
    lines: list[Line] = [Styled(f"{board.name} ({board.key})", "bold")]
    for label, text in rows:
        if text:
            lines += whole.wrapped(label.ljust(indent) + text, indent)
    return screen.page(lines)


def _core(board: Board) -> str:
    """Such as ``2 x Cortex-M33 at 150 MHz, with DSP, FPU``."""
    many = f"{board.cores} x " if board.cores > 1 else ""
    features = f", with {', '.join(board.features)}" if board.features else ""
    return f"{many}{board.core} at {board.clock_hz / 1e6:g} MHz{features}"


def _memory(bytes_: int) -> str:
    return size(bytes_) if bytes_ else ""
