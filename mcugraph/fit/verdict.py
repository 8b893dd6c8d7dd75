"""Whether a model fits a budget of SRAM, flash and work, and how long an inference takes."""

from collections.abc import Iterable

from mcugraph.fit.advice import advised
from mcugraph.fit.boards import Board
from mcugraph.fit.model_needs import Allowance, Need, answer, needs_of, proven
from mcugraph.fit.rates import estimate_latency, rates_for
from mcugraph.fit.remedies import Remedy
from mcugraph.ir import Graph
from mcugraph.profiles import Profile
from mcugraph.records import dataclass
from mcugraph.tflm.lowering import MODELLED


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a model fits, by how much, and what would help.

    ``fits`` is None where a figure is only a lower bound, so that nothing is proven. A model that
    the runtime cannot run fits nowhere; ``refusals`` then says why, a clause each. ``generated``:
    that is the C code of ``deploy``, and not TFLM. ``too_small``: why nothing runs on the board.
    """

    budget: Allowance
    fits: bool | None
    refusals: tuple[str, ...]
    needs: tuple[Need, ...]
    advice: tuple[str, ...]
    generated: bool = False
    too_small: str = ""

    @property
    def word(self) -> str:
        """The answer: fits, tight, does not fit, does not run, or not known."""
        return answer(self.fits, self.needs, bool(self.refusals or self.too_small))


def judge(
    graph: Graph,
    budget: Allowance,
    found: Profile,
    among: Iterable[Board],
    board: Board | None = None,
    smaller: Iterable[Remedy] | None = None,
) -> Verdict:
    """Hold a model against a budget.

    Args:
        graph: The model.
        budget: What there is to spend.
        found: The model's profile, on the ABI that the budget is for.
        among: Boards to suggest where the model does not fit.
        board: Whose budget it is; None: it is no board's.
        smaller: Commands that make it take less, all that ``remedies`` has, where they are known
            already; None: those that are needed are found.
    """
    needs = needs_of(found, budget)
    too_small = "" if board is None else board.too_small
    fitting = False if too_small else proven(found, needs)
    advice: tuple[str, ...] = ()
    if not fitting and not found.refusals:
        advice = tuple(advised(graph, found, budget, tuple(among), board, smaller))
    return Verdict(budget, fitting, found.refusals, needs, advice, found.generated, too_small)


def assumed(found: Profile, needs: Iterable[Need]) -> tuple[str, ...]:
    """What was assumed for the figures that a verdict goes by."""
    sram = any(need.resource == "SRAM" for need in needs)
    return tuple(text for text in found.assumptions if sram or text != MODELLED)


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
