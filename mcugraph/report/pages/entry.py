"""A model's page, from a file to a file."""

from os import PathLike

from mcugraph import files
from mcugraph.anatomy.entry import anatomy
from mcugraph.errors import GraphError
from mcugraph.fit.boards import Board, boards, find_board
from mcugraph.fit.model_needs import board_budget
from mcugraph.fit.remedies import remedies
from mcugraph.fit.verdict import Verdict, judge
from mcugraph.formats.loader import graph_of
from mcugraph.ir import Graph
from mcugraph.profiler import SEARCH_SECONDS, on_abi, profile
from mcugraph.profiles import Profile
from mcugraph.report.pages.model_page import PageModel, page
from mcugraph.scheduling.runtime import Runtime
from mcugraph.space.space import Space, widths

Model = Graph | str | PathLike[str]


def write_report(
    model: Model,
    path: str | PathLike[str],
    board: str | Board | None = None,
    compare: Model | None = None,
    runtime: str | Runtime = "tflm",
    accounting: str = "deployed",
    precision: str | None = None,
    kernels: str = "reference",
    time_limit: float = SEARCH_SECONDS,
) -> None:
    """Write the page of a model: one HTML file that needs nothing from elsewhere.

    It shows the figures of ``profile`` (against a board, if one is named), live tensors over time,
    the arena by TFLM's plan, by ours, and with overlaps, the operators, the network and its width
    groups. All of it is drawn from data that the page brings along.

    Args:
        model: The model, or the path of its file.
        path: The page.
        board: A board, or its name, that bars are drawn against.
        compare: Another model, beside it.
        runtime: As for ``profile``, and the three that follow.
        accounting: How it is counted.
        precision: At which.
        kernels: What TFLM is built with.
        time_limit: Seconds for each search for an order, and for each plan of the arena.

    Raises:
        McuGraphError: A file cannot be read or written, or an argument is unknown.
    """
    files.check(path)
    found = find_board(board) if isinstance(board, str) else board
    graphs = [graph_of(each, "write_report") for each in (model, compare) if each is not None]
    profiles = [
        profile(graph, runtime, accounting, precision, kernels, time_limit) for graph in graphs
    ]
    files.write(path, report_page(graphs, profiles, found, time_limit).encode())


def report_page(
    graphs: list[Graph],
    profiles: list[Profile],
    board: Board | None = None,
    time_limit: float = SEARCH_SECONDS,
) -> str:
    """The page of one model, or of two, with their profiles, as HTML.

    The arguments are as for ``write_report``.
    """
    if board is not None:
        profiles = [
            on_abi(found, graph, board.abi) for graph, found in zip(graphs, profiles, strict=True)
        ]
    smaller = [tuple(remedies(*each)) for each in zip(graphs, profiles, strict=True)]
    verdict: Verdict | None = None
    if board is not None:
        budget = board_budget(board)
        verdict = judge(graphs[0], budget, profiles[0], boards(), board, smaller[0])
    shown = [
        PageModel(found, anatomy(graph, found, time_limit), _space(graph, found), commands)
        for graph, found, commands in zip(graphs, profiles, smaller, strict=True)
    ]
    return page(shown, board, verdict)


def _space(graph: Graph, found: Profile) -> Space | None:
    """The widths of a model; None where it has none that could be asked for."""
    try:
        return widths(graph, accounting=found.accounting, precision=found.precision)
    except GraphError:
        return None
