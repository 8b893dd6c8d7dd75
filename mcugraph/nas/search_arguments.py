"""The arguments of a search held against what they can be, before anything is begun."""

from collections.abc import Sequence
from typing import Any

from mcugraph.checks import check_finite, check_kind, check_number, check_whole
from mcugraph.errors import UsageError
from mcugraph.fit.boards import Board, find_board
from mcugraph.fit.room import Room
from mcugraph.nas.admission import Admission
from mcugraph.nas.conditions import condition
from mcugraph.nas.recipe import Recipe
from mcugraph.nas.search_bounds import Bounds
from mcugraph.nas.search_space import SearchSpace, checked_classes, checked_shape
from mcugraph.nas.sparsity import SparsityRange
from mcugraph.tflm.kernels import find_library
from mcugraph.units import parse_duration

_WINDOW = 8  # where nobody says so
_HERE = ("local", "inline")  # engines whose workers are on this machine


def check_space(space: Any) -> None:
    """Hold a space to say what every search of it asks for.

    Raises:
        UsageError: It is none, or does not.
    """
    check_kind("space", space, SearchSpace)
    name = f"space {type(space).__name__}"
    for field in ("architecture", "input_shape", "classes"):
        if not hasattr(space, field):
            raise UsageError(f"{name}: it has no {field}, which a SearchSpace says")
    try:
        checked_shape(space.input_shape)
        checked_classes(space.classes)
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from None


def checked_window(window: Any, workers: Any) -> int:
    """How many candidates are under way at most, of which so many are trained at once.

    Raises:
        UsageError: A number is none, or workers would have nothing to do.
    """
    check_whole("workers", workers, 1)
    if window is None:
        return max(_WINDOW, int(workers))
    check_whole("window", window, 1)
    if window < workers:
        raise UsageError(f"window: {workers} workers need a window of {workers} at least")
    return int(window)


def check_effort(
    finalists: Any,
    contenders: Any,
    candidates: Any,
    final_share: Any,
    seed: Any,
) -> None:
    """How much is done.

    Raises:
        UsageError: A number is none.
    """
    check_whole("finalists", finalists, 0)
    check_whole("contenders", contenders, 1)
    check_whole("seed", seed, 0)
    if candidates is not None:
        check_whole("candidates", candidates, 1)
    check_number("final_share", final_share)
    if not final_share < 1:
        raise UsageError(f"final_share: a share from 0 to below 1 is needed, not {final_share}")


def checked_seconds(time_limit: str | float | None, candidates: int | None) -> float | None:
    """How long a search may run; None: until its candidates are trained.

    Raises:
        UsageError: It is no time, or neither is given.
    """
    seconds = parse_duration(time_limit) if isinstance(time_limit, str) else time_limit
    if seconds is None:
        if candidates is None:
            raise UsageError(
                "search: say for how long: a time_limit (--time 30min), a number of candidates "
                "(--candidates 500), or both"
            )
        return None
    check_finite("time_limit", seconds)
    if not seconds > 0:
        raise UsageError("time_limit has to be above 0: give it (--time) like 30min")
    return seconds


def check_wishes(targets: Any, templates: Any, space: SearchSpace[Any]) -> None:
    """What is aimed at besides the bounds, and what is tried first.

    Raises:
        UsageError: One is no condition, or no architecture of the space.
    """
    if isinstance(targets, str):
        raise UsageError(f"targets: a list of conditions is needed, like [{targets!r}]")
    for text in _listed("targets", targets):
        condition(text)
    for arch in _listed("templates", templates):
        check_kind("templates", arch, space.architecture)


def checked_recipe(recipe: Recipe | None, space: SearchSpace[Any]) -> Recipe:
    """How candidates of a space are trained.

    Raises:
        UsageError: It is no recipe, or not one for these examples.
    """
    recipe = Recipe() if recipe is None else recipe
    check_kind("recipe", recipe, Recipe)
    if (recipe.flip or recipe.shift) and len(space.input_shape) < 2:
        raise UsageError(
            "recipe: flip and shift are for images and series, and examples of shape "
            f"{tuple(space.input_shape)} have no axis to mirror or move along"
        )
    return recipe


def check_device(device: str, engine: object) -> None:
    """See that there is a device, where the library itself trains on this machine.

    Raises:
        UsageError: There is none.
    """
    from mcugraph.formats.torch.devices import checked_device

    if engine in _HERE:
        checked_device(device, "recipe: device")


def checked_admission(
    space: SearchSpace[Any],
    bounds: Bounds | None,
    board: str | Board | None,
    reserve_sram: int | str,
    reserve_flash: int | str,
    kernels: str,
    sparsity: tuple[float, float] | None,
) -> Admission:
    """Which architectures may be trained.

    Raises:
        UsageError: Nothing is bounded, there is no such board, or nothing of it is left.
    """
    find_library(kernels)
    target = find_board(board) if isinstance(board, str) else board
    check_kind("board", target, Board | None)
    check_kind("bounds", bounds, Bounds | None)
    room = None
    if target is not None:
        room = Room(target, reserve_sram, reserve_flash)
    elif bounds is None:
        raise UsageError(
            "search: say what a network may cost: bounds, like Bounds(size=64_000) (--size 64k), "
            "or a board (--board NAME)"
        )
    elif reserve_sram or reserve_flash:
        raise UsageError("reserve_sram and reserve_flash are of a board: name one (--board NAME)")
    sparsities = None if sparsity is None else SparsityRange(*sparsity)
    return Admission(space, bounds or Bounds(), room, kernels, sparsities)


def _listed(name: str, given: object) -> Sequence[Any]:
    """An argument that is a list of something.

    Raises:
        UsageError: It is none.
    """
    if not isinstance(given, Sequence):
        raise UsageError(f"{name}: a list is needed, not {given!r}")
    return given
