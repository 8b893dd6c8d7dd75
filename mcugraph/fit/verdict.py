"""Whether a model fits a budget of SRAM, flash and work, and what would help if not."""

from collections.abc import Iterable, Mapping

from mcugraph.fit.boards import Board
from mcugraph.fit.rates import estimate_latency, rates_for
from mcugraph.fit.remedies import Remedy, remedies
from mcugraph.fit.tflm_code import RUNTIME_CODE, estimated_code
from mcugraph.ir import Graph
from mcugraph.profiler import on_abi, profile, with_dense_by_tensor
from mcugraph.profiles import Profile
from mcugraph.records import dataclass, replace
from mcugraph.rewrite.precision import is_quantized
from mcugraph.scheduling.runtime import RUNTIMES, Runtime
from mcugraph.tflm.lowering import MODELLED


@dataclass(frozen=True, slots=True)
class Allowance:
    """What there is to spend; None: no limit.

    Attributes:
        name: Who sets it, such as a board.
        sram: Bytes that the arena (head and tail) may take.
        flash: Bytes for the model and the runtime's code.
        macs: Multiply-accumulates of one inference.
    """

    name: str
    sram: int | None = None
    flash: int | None = None
    macs: int | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """One resource: what the model needs of it, against what there is.

    Attributes:
        resource: ``"SRAM"``, ``"flash"`` or ``"MACs"``.
        needed: In bytes, or in multiply-accumulates.
        exact: False where what the model itself needs is only a lower bound. TFLM's code, which the
            need of flash contains, always is one, as ``parts`` says.
        budget: What there is.
        parts: What the need is made of, for people.
        culprit: The operator that takes the most of it.
        estimate: What it comes to about, where ``needed`` is less for a part that is not known.
    """

    resource: str
    needed: int
    exact: bool
    budget: int
    parts: str
    culprit: str | None
    estimate: int | None = None

    @property
    def left(self) -> int:
        """What remains of the budget; negative where it is missed."""
        return self.budget - self.needed

    @property
    def met(self) -> bool | None:
        """Whether the need fits; None where a lower bound fits, which proves nothing."""
        if self.left < 0:
            return False
        return True if self.exact else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a model fits, by how much, and what would help.

    ``fits`` is None where a figure is only a lower bound, so that nothing is proven. A model that
    the runtime cannot run fits nowhere; ``refusals`` then says why, a clause each. ``generated``:
    that is the C code of ``deploy``, and not TFLM.
    """

    budget: Allowance
    fits: bool | None
    refusals: tuple[str, ...]
    needs: tuple[Need, ...]
    advice: tuple[str, ...]
    generated: bool = False


def judge(graph: Graph, budget: Allowance, found: Profile, among: Iterable[Board]) -> Verdict:
    """Hold a model against a budget.

    Args:
        graph: The model.
        budget: What there is to spend.
        found: The model's profile, on the ABI that the budget is for.
        among: Boards to suggest where the model does not fit.
    """
    needs = needs_of(found, budget)
    answer = fits(found, needs)
    runs = not found.refusals
    advice = () if answer or not runs else tuple(_advice(graph, found, budget, tuple(among)))
    return Verdict(budget, answer, found.refusals, needs, advice, found.generated)


def needs_of(found: Profile, budget: Allowance) -> tuple[Need, ...]:
    """What a model needs of each resource that the budget limits."""
    layers = found.layers
    needs = []
    if budget.sram is not None:
        needed, exact, parts = _sram(found)
        largest = max(layers, key=lambda layer: layer.live_bytes, default=None)
        culprit = f"{largest.name} ({largest.live_bytes:,} B live)" if largest else None
        needs.append(Need("SRAM", needed, exact, budget.sram, parts, culprit))
    if budget.flash is not None:
        needed, exact, parts, estimate = _flash(found)
        largest = max(layers, key=lambda layer: layer.weights, default=None)
        culprit = f"{largest.name} ({largest.weights:,} B of weights)" if largest else None
        needs.append(Need("flash", needed, exact, budget.flash, parts, culprit, estimate))
    if budget.macs is not None:
        largest = max(layers, key=lambda layer: layer.macs or 0, default=None)
        culprit = f"{largest.name} ({largest.macs or 0:,} MACs)" if largest else None
        exact = not found.unknown_operators
        needs.append(Need("MACs", found.macs, exact, budget.macs, "", culprit))
    return tuple(needs)


def _sram(found: Profile) -> tuple[int, bool, str]:
    """Bytes of SRAM, whether they are all, and what they are made of."""
    memory = found.memory
    arena, tail, total = memory.tflm_arena, memory.tflm_persistent, memory.tflm_total
    if found.generated and memory.overlap_arena is not None:
        needed = memory.overlap_arena + memory.state
        return needed, found.complete, f"arena {memory.overlap_arena:,} + state {memory.state:,}"
    if arena is None or tail is None or total is None:
        runtime = "generated code" if found.generated else "TFLM"
        parts = f"live tensors and state; what {runtime} takes is not known"
        return memory.file_order_peak + memory.state, False, parts
    parts = f"arena: head {arena:,} + tail {tail:,}"
    if total > arena + tail:
        parts += f" + {total - arena - tail:,} more to load"
    elif total < arena + tail:
        parts += f" - {arena + tail - total} of padding"
    return total, found.complete, parts


def _flash(found: Profile) -> tuple[int, bool, str, int | None]:
    """Bytes of flash, whether they are all, what they are made of, and an estimate of them."""
    flash = found.flash
    if flash.code is not None and flash.constants is not None:
        parts = f"constants {flash.constants:,} + code {flash.code:,}"
        return flash.code + flash.constants, True, parts, None
    if found.generated:
        stored = flash.weights + flash.biases
        return stored, False, f"weights and biases {stored:,}; its code is not built", None
    model, exact = _stored(found)
    estimate = estimated_code(found)
    least = "" if exact else "at least "
    parts = f"model {least}{model:,} + TFLM's code, at least {RUNTIME_CODE:,}"
    if estimate > RUNTIME_CODE:
        parts += f", about {estimate:,} by its kernels"
    return model + RUNTIME_CODE, exact, parts, model + estimate


def fits(found: Profile, needs: Iterable[Need]) -> bool | None:
    """Whether a model runs and its needs are met; None where one is a lower bound that fits."""
    answers = [need.met for need in needs]
    if found.refusals:
        return False
    if False in answers:
        return False
    return None if None in answers else True


def assumed(found: Profile, needs: Iterable[Need]) -> tuple[str, ...]:
    """What was assumed for the figures that a verdict goes by."""
    sram = any(need.resource == "SRAM" for need in needs)
    return tuple(text for text in found.assumptions if sram or text != MODELLED)


def board_budget(board: Board) -> Allowance:
    """What a board has: an arena is one block, so its largest one counts."""
    return Allowance(board.name, board.sram_block, board.flash)


def needs_on(board: Board, found: Mapping[str, Profile]) -> tuple[Need, ...]:
    """What a model needs of a board, by its profiles for each ABI."""
    return needs_of(found[board.abi], board_budget(board))


def by_abi(found: Profile, graph: Graph, among: Iterable[Board]) -> dict[str, Profile]:
    """A profile of a graph as it is on each ABI that some of the boards have."""
    return {abi: on_abi(found, graph, abi) for abi in sorted({board.abi for board in among})}


def fitting_boards(found: Mapping[str, Profile], among: Iterable[Board]) -> tuple[Board, ...]:
    """The boards that a model fits as far as its figures tell, the least SRAM first.

    Args:
        found: The model's profiles, by ABI.
        among: The boards.
    """
    fitting = [
        board for board in among if fits(found[board.abi], needs_on(board, found)) is not False
    ]
    return tuple(sorted(fitting, key=lambda board: (board.sram_block, board.flash, board.key)))


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
        needs = needs_on(board, found)
        if {need.resource for need in needs if need.met is False} != {"SRAM"}:
            continue
        if board.abi not in known:
            known[board.abi] = tuple(remedies(graph, found[board.abi]))
        fitting = (each for each in known[board.abi] if each.total <= board.sram_block)
        simplest = next(fitting, None)
        if simplest is not None and not found[board.abi].refusals:
            after[board.key] = simplest
    return after


def latency(found: Profile, graph: Graph, board: Board) -> tuple[float, float, str] | None:
    """Shortest and longest time of one inference in seconds, and the sources of the rates.

    None for float models and where no rates are published for the board's core.
    """
    if not found.complete or any(t.dtype.is_float for t in graph.tensors.values()):
        return None
    kinds: dict[str, int] = {}
    for layer in found.layers:
        kinds[layer.kind] = kinds.get(layer.kind, 0) + (layer.macs or 0)
    estimate = estimate_latency(board, kinds)
    if estimate is None:
        return None
    sources = dict.fromkeys(rate.source for rate in rates_for(board, kinds))
    return (*estimate, "; ".join(sources))


def _stored(found: Profile) -> tuple[int, bool]:
    """Bytes of the model in flash, and whether that is all; without a file it is not."""
    flash = found.flash
    if flash.file is not None and flash.other is not None:
        return flash.file, True
    return flash.weights + flash.biases + flash.quantization, False


def _advice(
    graph: Graph, found: Profile, budget: Allowance, among: tuple[Board, ...]
) -> Iterable[str]:
    """What would help, with figures; nothing that was not computed."""
    memory = found.memory
    if budget.sram is not None and memory.tflm_total is not None and found.model.format == "tflite":
        yield from _optimized(graph, found, budget)
    elif (
        budget.sram is not None
        and memory.file_order_peak > memory.peak
        and not found.generated  # which is in the best order already
    ):
        yield (
            f"in the best order, which `mcugraph optimize` writes, the peak is {memory.peak:,} B "
            f"instead of {memory.file_order_peak:,} B"
        )
    if found.precision is None and not is_quantized(graph):
        yield from _quantized(graph, found, budget)
    profiles = by_abi(found, graph, among)
    smallest = fitting_boards(profiles, among)[:3]
    if smallest:
        proven = all(need.exact for need in needs_on(smallest[0], profiles))
        names = ", ".join(board.name for board in smallest)
        yield f"the smallest boards that it {'fits' if proven else 'may fit'}: {names}"
    elif among:
        yield "it fits none of the boards that are known"


def _optimized(graph: Graph, found: Profile, budget: Allowance) -> Iterable[str]:
    """The simplest command that makes a file fit into the SRAM, or what the best one comes to."""
    (sram, *_) = needs_of(found, budget)
    if sram.met is not False:
        return
    last = None
    for remedy in remedies(graph, found):
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
    answer, at_most = words[fits(by_tensor, least)], words[fits(by_channel, most)]
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
