"""Masks on the weights of a model while it trains."""

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from mcugraph.checks import check_whole, checked_fraction
from mcugraph.compress.element_heuristics import ScoredWeight, element_heuristic
from mcugraph.compress.element_patterns import (
    SINGLE,
    Pattern,
    check_pattern,
    kept_of_groups,
    least,
    spread_blocks,
    sums_of_blocks,
)
from mcugraph.compress.element_schedules import ElementSchedule
from mcugraph.compress.flash_sharing import shares_within
from mcugraph.compress.mask_conventions import (
    copied,
    has_masks,
    masked_parameters,
    masks_from,
    without_masks,
)
from mcugraph.compress.weight_rows import lies_in, rows_of
from mcugraph.errors import UsageError
from mcugraph.formats.torch.given import plain_module
from mcugraph.prune.masks import check_unmasked
from mcugraph.prune.schedules import OneShot, PruningSchedule
from mcugraph.storage.block_rows import Blocks
from mcugraph.storage.n_of_m import NofM

SCOPES = ("layer", "global")

Sparsity = float | Mapping[str, float] | Iterable[Mapping[str, Any]] | None


class Sparsifier:
    """Prunes single weights of a model while it trains: they are zero from then on.

    ::

        sparsifier = Sparsifier(model, 0.9, schedule=AGP(begin=0, end=2000, every=100))
        for x, y in loader:
            optimizer.zero_grad()
            loss(model(x), y).backward()
            optimizer.step()
            sparsifier.step()
        model = sparsifier.finish()

    After Deutel et al., "Energy-efficient deployment of deep learning applications on Cortex-M
    based microcontrollers using deep compression" (2023), section 3.1. What is masked stays
    masked. The model holds plain weights, with zeros, at any time: it can be saved, copied and
    exported as it is. Masks of ``torch.nn.utils.prune`` and of torchao's sparsifiers that it comes
    with are taken over, and made plain; those of other parameters, too, such as biases, and stay as
    they are.

    Args:
        model: A ``torch.nn.Module``; it is changed in place.
        sparsity: The fraction of weights that is zero in the end, from 0 to below 1: of each layer,
            or by name of a layer or a module that holds some, of which the nearest counts (others
            stay as they are), or as torchao's sparsifiers have it, a list like
            ``[{"tensor_fqn": "fc.weight", "sparsity_level": 0.9}]``. None: what the pattern says.
        heuristic: What tells which weights matter: ``"level"`` (magnitude), ``"gradient"`` (its
            mean size since the last update), ``"taylor"`` (the product of both), ``"random"``, a
            function from a ``ScoredWeight`` to one number a weight, or an ``ElementHeuristic``.
        scope: ``"layer"``: each layer loses the same fraction; ``"global"``: the lowest scores of
            all layers together go.
        pattern: None: any weight; ``NofM(2, 4)``: of each four weights that a row of the layer's
            matrix holds side by side, two stay; ``Blocks(1, 4)``: whole blocks go.
        schedule: ``OneShot(at=...)``, ``AGP(begin, end, every)``, or ``prune.Gradual`` without a
            sparsity of its own. None: at the first step.
        modules: Names of layers, or of modules that hold them; None: all convolutions and dense
            layers.
        example_inputs: Of the model; a pattern needs it, to know the order in which a device reads
            the weights.
        budgets: In place of a sparsity, ``{"flash": 64_000}``: bytes of flash for the weights of
            these layers as int8, each in the form that takes the fewest. Sparsities are shared out
            so that the sum of the squares of what stays is the largest
            (`mcugraph.storage.allocate_flash`), of whole blocks with ``Blocks``. Depthwise layers
            stay whole.
        seed: Of what is random.

    Raises:
        UsageError: An argument is none, there is no such layer, or the budget cannot be met.
        FormatError: A pattern is asked for, and ``torch.export`` rejects the model.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        sparsity: Sparsity = None,
        *,
        heuristic: Any = "level",
        scope: str = "layer",
        pattern: Pattern | None = None,
        schedule: ElementSchedule | None = None,
        modules: Iterable[str] | None = None,
        example_inputs: Any = None,
        budgets: Mapping[str, int] | None = None,
        seed: int = 0,
    ) -> None:
        check_whole("seed", seed, 0)
        if scope not in SCOPES:
            raise UsageError(f"unknown scope {scope!r}; expected one of {', '.join(SCOPES)}")
        if pattern is not None:
            check_pattern(pattern)
            if example_inputs is None:
                raise UsageError(
                    "a pattern needs example_inputs: the order of weights is that of the device"
                )
        modules = _names(modules)
        self.schedule: ElementSchedule = _checked(OneShot() if schedule is None else schedule)
        self.scope, self.pattern = scope, pattern
        self._heuristic = element_heuristic(heuristic, seed)
        plain = plain_module(model, "Sparsifier")
        check_unmasked(plain)
        given = masks_from(plain)
        # What is refused changes nothing: until all is known to go well, a copy stands for a model
        # whose masks are to be made plain.
        self.model = without_masks(copied(plain)) if has_masks(plain) else plain
        named = _by_layer(sparsity)
        chosen = modules if modules is not None else list(named) if named is not None else None
        self._rows = rows_of(self.model, chosen, example_inputs if pattern is not None else None)
        begun = {
            name: given.pop(name, torch.ones(rows.shape, dtype=torch.bool))
            for name, rows in self._rows.items()
        }
        self._start = {name: self._units_gone(name, mask) for name, mask in begun.items()}
        begun |= given  # what else was masked stays so
        self._weights = masked_parameters(self.model, begun)
        self._masks = {name: mask.to(self._weights[name].device) for name, mask in begun.items()}
        self._final = (
            self._targets(sparsity if named is None else named)
            if budgets is None
            else self._within(budgets, sparsity)
        )
        self._sums: dict[str, torch.Tensor] = {}
        self._count = 0
        self.steps, self.progress = 0, 0.0
        if self.schedule.progress(0) and not self._heuristic.gradient:
            self._update(self.schedule.progress(0))
        self.attach(without_masks(plain))

    @property
    def masks(self) -> dict[str, torch.Tensor]:
        """Name of a parameter -> which of its weights stay, in its shape."""
        return {name: mask.clone() for name, mask in self._masks.items()}

    @property
    def sparsities(self) -> dict[str, float]:
        """Name of a parameter -> the fraction of its weights that is masked."""
        return {name: _gone(mask) / mask.numel() for name, mask in self._masks.items()}

    @property
    def sparsity(self) -> float:
        """The fraction of all these weights that is masked."""
        masks = self._masks.values()
        return sum(map(_gone, masks)) / sum(mask.numel() for mask in masks)

    @property
    def done(self) -> bool:
        """Whether nothing more goes."""
        return self.progress >= 1

    def __repr__(self) -> str:
        state = "done" if self.done else f"{self.progress:.0%} of the schedule"
        return f"Sparsifier({self.sparsity:.2%} of {len(self._masks)} weights masked; {state})"

    def step(self) -> bool:
        """Count a training step, mask more if it is due, and set what is masked to zero.

        Call it after ``optimizer.step()``, and before gradients are set to zero, if the heuristic
        goes by them.

        Returns:
            Whether masks were chosen anew.

        Raises:
            UsageError: There are no gradients to go by, or scores are none.
        """
        if self._heuristic.gradient and not self.done:
            self._collect()
        self.steps += 1
        due = self.schedule.progress(self.steps)
        updated = due > self.progress
        if updated:
            self._update(due)
        self.apply()
        return updated

    def apply(self) -> None:
        """Set what is masked to zero."""
        with torch.no_grad():
            for name, mask in self._masks.items():
                weight = self._weights[name]
                if mask.device != weight.device:
                    mask = self._masks[name] = mask.to(weight.device)
                weight.masked_fill_(~mask, 0)

    def attach(self, model: torch.nn.Module) -> None:
        """Go on with another model, whose parameters bear the same names.

        As ``prepare_qat`` gives, whose training has to keep the zeros, too; or one that was loaded
        or moved.

        Raises:
            UsageError: It has other parameters.
        """
        plain = plain_module(model, "Sparsifier.attach")
        self._weights = masked_parameters(plain, self._masks)
        self.model = model
        self.apply()

    def finish(self) -> torch.nn.Module:
        """The model, with plain weights; what the schedule has left goes at once.

        Raises:
            UsageError: As of ``step``.
        """
        if not self.done:
            self._update(1.0)
        self.apply()
        return self.model

    def state_dict(self) -> dict[str, Any]:
        """Everything that ``load_state_dict`` needs, as tensors and plain values."""
        return {
            "masks": self.masks,
            "start": dict(self._start),
            "steps": self.steps,
            "progress": self.progress,
            "gradients": {name: total.clone() for name, total in self._sums.items()},
            "count": self._count,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where another sparsifier of the same model and options was.

        Args:
            state: What its ``state_dict`` gave.

        Raises:
            UsageError: It is of another model.
        """
        given: Any = state
        if not isinstance(given, Mapping) or given.keys() != self.state_dict().keys():
            raise UsageError("the state is not that of a sparsifier")
        rows, sums = self._rows.keys(), state["gradients"]
        try:
            weights = masked_parameters(self.model, state["masks"])
            masked_parameters(self.model, sums)
        except UsageError:
            raise UsageError("the state is of a sparsifier of other weights") from None
        if state["start"].keys() != rows or not sums.keys() <= rows <= weights.keys():
            raise UsageError("the state is of a sparsifier of other weights")
        self._weights = weights
        self._masks = {
            name: mask.to(weights[name].device, torch.bool) for name, mask in state["masks"].items()
        }
        self._start = dict(state["start"])
        self.steps, self.progress = state["steps"], state["progress"]
        self._sums = {name: total.to(weights[name].device) for name, total in sums.items()}
        self._count = state["count"]
        self.apply()

    def _targets(self, sparsity: Any) -> dict[str, float]:
        """Name of a weight -> the fraction that is masked in the end."""
        if isinstance(self.pattern, NofM):
            wanted = 1 - self.pattern.n / self.pattern.m
            if sparsity not in (None, wanted):
                raise UsageError(f"{self.pattern.label} masks {wanted:.0%}: leave sparsity out")
            return dict.fromkeys(self._rows, wanted)
        if sparsity is None:
            raise UsageError(
                "a sparsifier needs a sparsity, a pattern such as NofM(2, 4), or budgets"
            )
        if not isinstance(sparsity, Mapping):
            return dict.fromkeys(self._rows, checked_fraction("sparsity", sparsity))
        if self.scope == "global":
            raise UsageError("scope='global' takes one sparsity, not one a layer")
        shares = {
            layer: checked_fraction(f"sparsity of {layer!r}", value)
            for layer, value in sparsity.items()
        }
        for layer in shares:
            if not any(lies_in(name, layer) for name in self._rows):
                raise UsageError(f"sparsity of {layer!r}: modules= leaves it out")
        found = dict.fromkeys(self._rows, 0.0)
        for layer in sorted(shares, key=len):  # the nearest counts
            found |= {name: shares[layer] for name in found if lies_in(name, layer)}
        return found

    def _within(self, budgets: Any, sparsity: Any) -> dict[str, float]:
        """Name of a weight -> the fraction that is masked in the end, by a budget of flash."""
        if not isinstance(budgets, Mapping) or list(budgets) != ["flash"]:
            raise UsageError(f"budgets: {{'flash': bytes}} is needed, not {budgets!r}")
        check_whole("budgets: flash", budgets["flash"], 1)
        if sparsity is not None or self.scope == "global":
            raise UsageError("budgets take the place of sparsity and scope='global'")
        if isinstance(self.pattern, NofM):
            raise UsageError(
                f"budgets: {self.pattern.label} says how much of a layer stays: leave budgets out, "
                "and layers that are to stay whole out of modules="
            )
        return shares_within(self.model, self._rows, budgets["flash"], self.pattern)

    @property
    def _unit(self) -> Blocks:
        """What goes or stays as a whole, but for N:M."""
        return self.pattern if isinstance(self.pattern, Blocks) else SINGLE

    def _units_gone(self, name: str, mask: torch.Tensor) -> int:
        left = sums_of_blocks(self._rows[name].matrix(mask).float(), self._unit)
        return left.numel() - int(left.count_nonzero())

    def _collect(self) -> None:
        """Add the gradients of a step."""
        sums = {}
        for name in self._rows:
            gradient = self._weights[name].grad
            if gradient is None:
                raise UsageError(
                    f"{name} has no gradient: call step() after the optimizer, before zero_grad()"
                )
            size = gradient.detach().abs()
            sums[name] = self._sums[name] + size if name in self._sums else size
        self._sums = sums
        self._count += 1

    def _scores(self) -> dict[str, torch.Tensor]:
        """A number for each weight, as the matrices of a deployment."""
        if self._heuristic.gradient and not self._count:
            raise UsageError("this heuristic goes by gradients: call step() first")
        found = {}
        for name in self._rows:
            weight = self._weights[name]
            mean = self._sums[name] / self._count if self._heuristic.gradient else None
            with torch.no_grad():
                scores: Any = self._heuristic.score(ScoredWeight(name, weight.detach(), mean))
            if not isinstance(scores, torch.Tensor) or scores.shape != weight.shape:
                raise UsageError(f"the heuristic gives no tensor of the shape of {name}")
            if not torch.isfinite(scores).all():
                raise UsageError(f"the scores of {name} are not finite: has the training diverged?")
            found[name] = self._rows[name].matrix(scores.float())
        return found

    def _update(self, progress: float) -> None:
        """Mask as much as is due."""
        scores = self._scores()
        kept = {name: rows.matrix(self._masks[name]) for name, rows in self._rows.items()}
        chosen = self._chosen(scores, kept, progress)
        self._masks |= {name: self._rows[name].back(mask) for name, mask in chosen.items()}
        self.progress = progress
        self._sums, self._count = {}, 0

    def _chosen(
        self, scores: dict[str, torch.Tensor], kept: dict[str, torch.Tensor], progress: float
    ) -> dict[str, torch.Tensor]:
        if isinstance(self.pattern, NofM):
            return {
                name: kept_of_groups(scores[name], kept[name], self.pattern, progress)
                for name in scores
            }
        pattern = self._unit
        together = [list(scores)] if self.scope == "global" else [[name] for name in scores]
        chosen = {}
        for names in together:
            units = [sums_of_blocks(scores[name], pattern) for name in names]
            left = [sums_of_blocks(kept[name].float(), pattern) > 0 for name in names]
            begun = sum(self._start[name] for name in names)
            final = sum(
                self._final[name] * unit.numel() for name, unit in zip(names, units, strict=True)
            )
            count = round(begun + max(final - begun, 0) * progress)
            for name, mask in zip(names, least(units, left, count), strict=True):
                chosen[name] = spread_blocks(mask, pattern, scores[name].shape) & kept[name]
        return chosen


def _gone(mask: torch.Tensor) -> int:
    return mask.numel() - int(mask.sum())


def _checked(schedule: Any) -> Any:
    """A schedule that leaves the sparsity to the sparsifier.

    Raises:
        UsageError: It is none.
    """
    if isinstance(schedule, type) or not callable(getattr(schedule, "progress", None)):
        raise UsageError(f"schedule: OneShot(...) or AGP(...) is needed, not {schedule!r}")
    if isinstance(schedule, PruningSchedule) and schedule.sparsity is not None:
        raise UsageError("the sparsity goes to the sparsifier, not to its schedule")
    return schedule


def _names(modules: Any) -> list[str] | None:
    """Names of layers, or None.

    Raises:
        UsageError: They are none.
    """
    if isinstance(modules, str):
        return [modules]
    if modules is None:
        return None
    named = list(modules) if isinstance(modules, Iterable) else [modules]
    for name in named:
        if not isinstance(name, str):
            raise UsageError(f"modules: names of layers are needed, not {type(name).__name__}")
    return named


def _by_layer(sparsity: Any) -> Mapping[str, Any] | None:
    """Sparsities by name, of a mapping or of torchao's configuration; None: there is one for all.

    Raises:
        UsageError: It is no such configuration.
    """
    if isinstance(sparsity, Mapping):
        return {str(name): value for name, value in sparsity.items()}
    if isinstance(sparsity, list | tuple):
        try:
            return {str(entry["tensor_fqn"]): entry["sparsity_level"] for entry in sparsity}
        except (TypeError, KeyError):
            raise UsageError(
                "sparsity as a list has entries {'tensor_fqn': ..., 'sparsity_level': ...}"
            ) from None
    return None
