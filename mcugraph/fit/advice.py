"""What would help a model that does not fit: commands, other memories, other boards."""

from collections.abc import Iterable, Mapping

from mcugraph.fit.boards import Board
from mcugraph.fit.model_needs import (
    FITS_NOT,
    NOT_KNOWN,
    Allowance,
    Need,
    fits_on,
    needs_of,
    needs_on,
    proven,
    stored,
)
from mcugraph.fit.remedies import COMMAND, Remedy, best_order, remedies
from mcugraph.ir import Graph
from mcugraph.profiler import on_abi, profile, with_dense_by_tensor
from mcugraph.profiles import Profile
from mcugraph.records import replace
from mcugraph.rewrite.precision import is_quantized
from mcugraph.scheduling.runtime import RUNTIMES, Runtime


def by_abi(found: Profile, graph: Graph, among: Iterable[Board]) -> dict[str, Profile]:
    """A profile of a graph as it is on each ABI that some of the boards have."""
    return {abi: on_abi(found, graph, abi) for abi in sorted({board.abi for board in among})}


def fitting_boards(found: Mapping[str, Profile], among: Iterable[Board]) -> tuple[Board, ...]:
    """The boards that a model fits as far as its figures tell, the least SRAM first.

    Args:
        found: The model's profiles, by ABI.
        among: The boards.
    """
    fitting = [board for board in among if fits_on(board, found) is not False]
    return tuple(sorted(fitting, key=lambda board: (board.for_arena, board.flash, board.key)))


def fitting_after(
    graph: Graph, found: Mapping[str, Profile], among: Iterable[Board]
) -> dict[str, Remedy]:
    """The boards that a model fits after a command alone, by key, with the simplest such command.

    Args:
        graph: The model.
        found: Its profiles, by ABI.
        among: The boards.
    """
    known: dict[str, tuple[Remedy, ...]] = {}
    after = {}
    for board in among:
        needs = () if board.too_small else needs_on(board, found)
        if {need.resource for need in needs if need.met is False} != {"SRAM"}:
            continue
        if board.abi not in known:
            known[board.abi] = tuple(remedies(graph, found[board.abi]))
        fitting = (each for each in known[board.abi] if each.total <= board.for_arena)
        simplest = next(fitting, None)
        if simplest is not None and not found[board.abi].refusals:
            after[board.key] = simplest
    return after


def advised(
    graph: Graph,
    found: Profile,
    budget: Allowance,
    among: tuple[Board, ...],
    board: Board | None,
    smaller: Iterable[Remedy] | None = None,
) -> Iterable[str]:
    """What would help, with figures; nothing that was not computed."""
    memory = found.memory
    if budget.sram is not None and memory.tflm_total is not None and found.model.format == "tflite":
        known = remedies(graph, found) if smaller is None else smaller
        yield from _optimized(found, budget, known)
    elif budget.sram is not None and best_order(graph, found) is not None:
        yield (
            f"in the best order, which `{COMMAND}` writes, the peak is {memory.peak:,} B "
            f"instead of {memory.file_order_peak:,} B"
        )
    if board is not None:
        yield from _outside(found, budget, board)
    if found.precision is None and not is_quantized(graph):
        yield from _quantized(graph, found, budget)
    profiles = by_abi(found, graph, among)
    smallest = fitting_boards(profiles, among)[:3]
    if smallest:
        proven = fits_on(smallest[0], profiles)
        names = ", ".join(board.name for board in smallest)
        yield f"the smallest boards that it {'fits' if proven else 'may fit'}: {names}"
    elif among:
        yield "it fits none of the boards that are known"


def _outside(found: Profile, budget: Allowance, board: Board) -> Iterable[str]:
    """The memories beside the chip, where these are what is missing."""
    missed = {
        need.resource: need
        for need in needs_of(found, budget)
        if need.word in (FITS_NOT, NOT_KNOWN)
    }
    sram, flash = missed.get("SRAM"), missed.get("flash")
    if sram is not None and sram.needed <= board.external_ram:
        yield (
            f"with --external-ram its arena lies in the board's external RAM of "
            f"{board.external_ram:,} B, which is slower"
        )
    model, _ = stored(found)
    if flash is not None and not found.generated and model <= board.external_flash:
        yield (
            f"with --external-flash the model lies in the board's external flash of "
            f"{board.external_flash:,} B, which is slower"
        )


def _optimized(found: Profile, budget: Allowance, smaller: Iterable[Remedy]) -> Iterable[str]:
    """The simplest command that makes a file fit into the SRAM, or what the best one comes to."""
    (sram, *_) = needs_of(found, budget)
    if sram.met is not False:
        return
    last = None
    for remedy in smaller:
        last = remedy
        if remedy.total <= sram.budget:
            yield f"its SRAM fits after `{remedy.command}`: {remedy.total:,} B"
            return
    if last is not None:
        yield f"after `{last.command}` it takes {last.total:,} B of SRAM, which is still too much"


def _quantized(graph: Graph, found: Profile, budget: Allowance) -> Iterable[str]:
    """What becomes of a float model at int8, whichever way its dense layers are quantised."""
    device = replace(RUNTIMES.get(found.runtime, Runtime(found.runtime)), abi=found.abi)
    by_channel = profile(graph, device, found.accounting, "int8", found.kernels)
    same = by_channel.memory == found.memory and by_channel.flash.weights == found.flash.weights
    if same or by_channel.refusals:
        return
    by_tensor = with_dense_by_tensor(by_channel, graph)
    most, least = needs_of(by_channel, budget), needs_of(by_tensor, budget)
    words = {True: "would fit", False: "would still not fit", None: "might fit"}
    answer, at_most = words[proven(by_tensor, least)], words[proven(by_channel, most)]
    if answer == at_most:
        shown = ", ".join(map(_between, least, most))
        yield f"quantised to int8 it {answer}: {shown}"
        return
    shown = ", ".join(map(_amount, least))
    (larger,) = (need for need in most if need not in least)
    yield (
        f"quantised to int8 with one scale for each dense layer it {answer}: {shown}; "
        f"with one for each of their channels it {at_most}: {_amount(larger)}"
    )


def _between(least: Need, most: Need) -> str:
    """A need that depends on how dense layers are quantised, or does not."""
    if least.needed == most.needed:
        return _amount(least)
    return f"{least.needed:,} to {_amount(most)} (dense layers by tensor, by channel)"


def _amount(need: Need) -> str:
    least = "" if need.exact else "at least "
    return f"{least}{need.needed:,}{'' if need.resource == 'MACs' else ' B'} {need.resource}"
