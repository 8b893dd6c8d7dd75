"""What a model needs of SRAM, flash and work, against what a board or a budget leaves for it."""

from collections.abc import Iterable, Mapping

from mcugraph.errors import UsageError
from mcugraph.fit.boards import Board
from mcugraph.fit.tflm_code import RUNTIME_CODE, estimated_code
from mcugraph.profiles import Profile
from mcugraph.records import dataclass

FITS, TIGHT, FITS_NOT = "fits", "tight", "does not fit"
RUNS_NOT, NOT_KNOWN = "does not run", "not known: only a lower bound"
_WORDS = {True: FITS, False: FITS_NOT, None: NOT_KNOWN}

# The share of memory that stack, variables and code of a firmware are taken to need, where nobody
# says how much they do: a tenth.
_SPARE = 10


@dataclass(frozen=True, slots=True)
class Allowance:
    """What there is to spend; None: no limit.

    Attributes:
        name: Who sets it, such as a board.
        sram: Bytes that the arena (head and tail) may take.
        flash: Bytes for the model and the runtime's code.
        macs: Multiply-accumulates of one inference.
        spare_sram, spare_flash: Bytes of these that the rest of a firmware is likely to need: a
            model that leaves less is a tight fit.
        external_ram: ``sram`` is of RAM beside the chip.
        external_flash: Bytes of flash beside the chip that the model may take; ``flash`` is for
            the code alone then.
    """

    name: str
    sram: int | None = None
    flash: int | None = None
    macs: int | None = None
    spare_sram: int = 0
    spare_flash: int = 0
    external_ram: bool = False
    external_flash: int | None = None


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
        spare: How much of the budget the rest of a firmware is likely to need.
        operator: The name of the culprit.
    """

    resource: str
    needed: int
    exact: bool
    budget: int
    parts: str
    culprit: str | None
    estimate: int | None = None
    spare: int = 0
    operator: str | None = None

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

    @property
    def likely(self) -> int:
        """What is needed, as far as it is known or estimated."""
        return self.needed if self.estimate is None else self.estimate

    @property
    def tight(self) -> bool:
        """Whether it fits, but leaves less than the rest of a firmware is likely to need."""
        return self.met is True and 0 <= self.budget - self.likely < self.spare

    @property
    def word(self) -> str:
        """How it fits; where an estimate is more than there is, that is not known."""
        if self.met and self.likely > self.budget:
            return NOT_KNOWN
        return TIGHT if self.tight else _WORDS[self.met]


def needs_of(found: Profile, budget: Allowance) -> tuple[Need, ...]:
    """What a model needs of each resource that the budget limits."""
    layers = found.layers
    needs = []
    if budget.sram is not None:
        needed, exact, parts = _sram(found)
        largest = max(layers, key=lambda layer: layer.live_bytes, default=None)
        culprit = f"{largest.name} ({largest.live_bytes:,} B live)" if largest else None
        resource = "external RAM" if budget.external_ram else "SRAM"
        name = largest.name if largest else None
        spare = budget.spare_sram
        needs.append(
            Need(resource, needed, exact, budget.sram, parts, culprit, spare=spare, operator=name)
        )
    if budget.flash is not None:
        needs += _flash_needs(found, budget, budget.flash)
    if budget.macs is not None:
        largest = max(layers, key=lambda layer: layer.macs or 0, default=None)
        culprit = f"{largest.name} ({largest.macs or 0:,} MACs)" if largest else None
        exact = not found.unknown_operators
        name = largest.name if largest else None
        needs.append(Need("MACs", found.macs, exact, budget.macs, "", culprit, operator=name))
    return tuple(needs)


def _flash_needs(found: Profile, budget: Allowance, flash: int) -> Iterable[Need]:
    """Flash for model and code together, or for each of them where the model lies outside."""
    largest = max(found.layers, key=lambda layer: layer.weights, default=None)
    culprit = f"{largest.name} ({largest.weights:,} B of weights)" if largest else None
    name = largest.name if largest else None
    spare = budget.spare_flash
    if budget.external_flash is None or found.generated:
        needed, exact, parts, estimate = _flash(found)
        yield Need("flash", needed, exact, flash, parts, culprit, estimate, spare, name)
        return
    model, exact = stored(found)
    code = estimated_code(found)
    parts = f"TFLM's code, at least {RUNTIME_CODE:,}, about {code:,} by its kernels"
    yield Need("flash", RUNTIME_CODE, True, flash, parts, None, code, spare)
    parts = f"model {model:,}"
    outside = budget.external_flash
    yield Need("external flash", model, exact, outside, parts, culprit, operator=name)


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
    parts = f"arena to reserve: head {arena:,} + tail {tail:,}"
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
        held = flash.weights + flash.biases
        return held, False, f"weights and biases {held:,}; its code is not built", None
    model, exact = stored(found)
    estimate = estimated_code(found)
    least = "" if exact else "at least "
    parts = f"model {least}{model:,} + TFLM's code, at least {RUNTIME_CODE:,}"
    if estimate > RUNTIME_CODE:
        parts += f", about {estimate:,} by its kernels"
    return model + RUNTIME_CODE, exact, parts, model + estimate


def stored(found: Profile) -> tuple[int, bool]:
    """Bytes of the model in flash, and whether that is all; without a file it is not."""
    flash = found.flash
    if flash.file is not None and flash.other is not None:
        return flash.file, True
    return flash.weights + flash.biases + flash.quantization, False


def fits(found: Profile, needs: Iterable[Need]) -> bool | None:
    """Whether a model runs and its needs are met; None where one is a lower bound that fits."""
    answers = [need.met for need in needs]
    if found.refusals:
        return False
    if False in answers:
        return False
    return None if None in answers else True


def proven(found: Profile, needs: Iterable[Need]) -> bool | None:
    """As ``fits``, but None too where what a need is estimated at is more than there is."""
    known = tuple(needs)
    fitting = fits(found, known)
    return None if fitting and any(need.word == NOT_KNOWN for need in known) else fitting


def board_budget(
    board: Board,
    reserve_sram: int | None = None,
    reserve_flash: int | None = None,
    external_ram: bool = False,
    external_flash: bool = False,
) -> Allowance:
    """What a board leaves for a network: of one block of SRAM, since an arena is one, and of flash.

    Args:
        board: The board.
        reserve_sram: Bytes of the block that the rest of the firmware needs; None: it is not
            known, and what leaves less than a tenth is a tight fit.
        reserve_flash: The same of flash.
        external_ram: The arena lies in the RAM beside the chip.
        external_flash: The model lies in the flash beside the chip.

    Raises:
        UsageError: There is no such memory.
    """
    if external_ram and not board.external_ram:
        raise UsageError(f"{board.name} has no external RAM")
    if external_flash and not board.external_flash:
        raise UsageError(f"{board.name} has no external flash besides the one that is counted")
    sram = board.external_ram if external_ram else board.for_arena
    flash = board.for_program
    return Allowance(
        board.name,
        _without(sram, reserve_sram),
        _without(flash, reserve_flash),
        spare_sram=_spare(sram, reserve_sram),
        spare_flash=_spare(flash, reserve_flash),
        external_ram=external_ram,
        external_flash=board.external_flash if external_flash else None,
    )


def _without(size: int, reserve: int | None) -> int:
    return max(size - (reserve or 0), 0)


def _spare(size: int, reserve: int | None) -> int:
    return size // _SPARE if reserve is None else 0


def needs_on(board: Board, found: Mapping[str, Profile]) -> tuple[Need, ...]:
    """What a model needs of a board, by its profiles for each ABI."""
    return needs_of(found[board.abi], board_budget(board))


def fits_on(board: Board, found: Mapping[str, Profile]) -> bool | None:
    """As ``proven``, for a board: False where it is too small for anything."""
    return False if board.too_small else proven(found[board.abi], needs_on(board, found))


def answer(fitting: bool | None, needs: Iterable[Need], refused: bool) -> str:
    """How a model fits, in a word.

    Args:
        fitting: As ``fits`` says.
        needs: What it needs.
        refused: It does not run.
    """
    if refused:
        return RUNS_NOT
    return TIGHT if fitting and any(need.tight for need in needs) else _WORDS[fitting]
