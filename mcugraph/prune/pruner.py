"""The pruning adapter: budgets in, a smaller model that meets them out.

After Liberis and Lane, "Differentiable network pruning for microcontrollers" (2021),
arXiv:2110.08350; "the paper" below.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Unpack

import numpy as np
import torch

from mcugraph.checks import check_callable, check_whole
from mcugraph.errors import UsageError
from mcugraph.formats.torch.given import inputs_of, plain_module
from mcugraph.ir import Array
from mcugraph.prune.exporting import Exporting
from mcugraph.prune.history import History
from mcugraph.prune.losses import Loss, no_loss, undisturbing, value_of
from mcugraph.prune.masked_model import MaskedModel
from mcugraph.prune.masks import check_unmasked
from mcugraph.prune.methods import MethodOptions, chosen, width_rule
from mcugraph.prune.new_models import NEW, is_trained
from mcugraph.prune.salience import salience as salience_of
from mcugraph.prune.schedules import PruningSchedule
from mcugraph.prune.structure import StructureChoice, chosen_structures
from mcugraph.prune.width_rule import Moment
from mcugraph.shown import Facts, Shown
from mcugraph.slimming.call_sites import Sites
from mcugraph.space.budgets import Budgets
from mcugraph.space.given_budgets import checked_limits


class Pruner(Exporting, Shown):
    """Prunes a PyTorch model while it trains, until it fits a microcontroller.

    Of each group of channels so many stay as a method says; every ``interval`` training steps the
    least salient ones of the rest are masked. The model trains as usual meanwhile: masks act while
    it runs, and its parameters, optimizer and checkpoints know nothing of them.

    - ``method="allocation"``, the default: the widths that make the most of all budgets at once
      (``Space.allocate``). A new model has them from its first step on, its weights as large as if
      drawn for these widths; a trained one is led to them in even steps of their logarithms within
      ``phase`` training steps. The budgets are met by then, and masks stay as they are.
    - ``method="paper"``: width multipliers that descend on P = P_RES + alpha * P_TSK (Eq. 1), where
      P_RES says by how much budgets are exceeded and P_TSK is the task loss of a validation batch.
      Once the budgets are met the multipliers stay, while masks follow the saliences on.
    - ``schedule``: fixed fractions, or the same one for all groups.

    ::

        pruner = Pruner(model, torch.zeros(1, 1, 28, 28), {"peak": 16_000, "macs": 2_000_000})
        for x, y in loader:
            ...
            optimizer.step()
            pruner.step(lambda: loss(model(x_val), y_val))
            if pruner.met:
                break
        small = pruner.slim()  # train this one on

    Args:
        model: A ``torch.nn.Module``. It is masked from now on, until ``remove``. The weights of a
            new one change in place when it is cut.
        example_inputs: What one inference takes: a tuple, or one tensor. The device runs a batch of
            as many, so a batch of 1 as a rule.
        budgets: ``"peak"``: bytes of SRAM for activations. ``"arena"``: bytes of SRAM for the arena
            that TensorFlow Lite Micro plans for them (its head), aligned and with the scratch of
            its kernels. ``"overlap_arena"``: the same by our plan, outputs over inputs as TFLM's
            reference kernels allow. ``"size"``: bytes of flash for weights and biases. ``"macs"``:
            multiply-accumulates of one inference. Any of them, as numbers or as text like
            ``"64KiB"`` and ``"5M"``.
        kwargs: Inputs by keyword.
        method: ``"allocation"`` or ``"paper"``; None: the first.
        interval: Training steps from one update to the next. The paper: 20.
        salience: What ranks channels: ``"batch_norm"`` (the paper: the absolute scale of the batch
            norm behind a layer, or the L2 norm of the weights), ``"l2"``, ``"l1"``,
            ``"gradient"``, ``"activation"``, ``"random"``, a function from a ``Layer`` to a
            tensor of one number a channel, or a ``Salience``. But for ``method="paper"``, what is
            masked stays so.
        peak_by: The peak that the budget is held against: ``"optimal"``, of the best order;
            ``"operator_bound"``, which earlier work takes; ``"file_order"``, of the model's own
            order; None: that budget is left out.
        schedule: A ``Gradual`` or ``OneShot`` schedule, in place of a method.
        freeze_when_met: Masks stay as they are once the budgets are met. None: of
            ``method="allocation"`` only.
        trained: Of ``method="allocation"``: whether the model is. If not given, one is new that has
            norms that learn, with scales all alike and shifts all alike in each, as they are made;
            ``report`` tells. True leads a new one to its widths within ``phase``, too.
        phase: Of the same, with trained models: training steps within which the budgets are met,
            or those of one interval; 400 if not given. A tenth of the training is a good choice.
        utility: Of the same: what each group is worth, shape (groups,). None: by its part of the
            network's size and MACs, as for ``Space.allocate``.
        concavity: Of the same: how even shares are to be, 1 if not given; see ``Space.allocate``.
        learning_rate: Of ``method="paper"``, like all down to ``smoothing``: of the multipliers, 1
            if not given.
        alpha: The weight of the task loss, 1 if not given.
        initial: The multiplier of every group at the start, between 0 and 1; 0.95 if not given.
        max_step: Not of the paper: the most that a multiplier may change in one update; a longer
            step is shortened as a whole, and the last one to as little as meets the budgets.
        objective: ``"both"``, or one of the losses alone: ``"task"`` or ``"resources"``.
        scalarisation: How exceeded budgets make one loss. ``"random"``: one of them, drawn with a
            bias towards those that are exceeded most (Eq. 2). ``"sum"``: all together.
        threshold: Where the relaxed mask has its threshold: ``"exact"`` solves Eq. 4,
            ``"percentile"`` takes the quantile of the saliences, as in Algorithm 1.
        focus: While the peak is the only budget that is exceeded, only the groups of the
            bottleneck change. True if not given.
        smoothing: The gradient is multiplied by twice the multiplier, as an L2 penalty would. True
            if not given.
        structure: What may vanish whole before widths shrink, as ``choose_structures`` says, with
            which ``dropped`` is chosen at once. ``"layers"``: all layers are worth the same, as
            they are to a new model. A function: computes the task loss of the model on a
            validation batch, and structures count by how much that rises without them, as they
            should of a trained one. None: nothing.
        precision: The types with which costs are counted, as for ``widths``.
        accounting: How they are counted, as for ``widths``.
        seed: Of all that is random here.
        steps_per_epoch: Report progress after every so many steps.
        report: Takes each line of progress.

    Raises:
        UsageError: An option is none, nothing in the model can be pruned, or a budget cannot be
            met even with one channel a group.
        GraphError: There are channels that cannot be masked, or the model cannot run without
            some of them; the message names the operator.
        FormatError: ``torch.export`` rejects the model.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        example_inputs: Any,
        budgets: Mapping[str, float | str] | None = None,
        *,
        kwargs: Mapping[str, Any] | None = None,
        method: str | None = None,
        interval: int = 20,
        salience: Any = "batch_norm",
        peak_by: str | None = "optimal",
        schedule: PruningSchedule | None = None,
        freeze_when_met: bool | None = None,
        structure: str | Callable[[], Any] | None = None,
        precision: str | None = "int8",
        accounting: str = "deployed",
        seed: int = 0,
        steps_per_epoch: int | None = None,
        report: Callable[[str], None] = print,
        **options: Unpack[MethodOptions],
    ) -> None:
        check_whole("interval", interval, 1)
        check_whole("seed", seed, 0)
        check_callable("report", report)
        if steps_per_epoch is not None:
            check_whole("steps_per_epoch", steps_per_epoch, 1)
        self.method, given = chosen(method, schedule, options)
        if not budgets and (schedule is None or schedule.sparsity is None):
            raise UsageError("no budgets: name a peak, a size or macs, like {'peak': 64_000}")
        self.model = plain_module(model, "Pruner")
        check_unmasked(self.model)
        inputs_of(example_inputs, kwargs)
        self.example_inputs, self.kwargs = example_inputs, dict(kwargs or {})
        self.interval, self.schedule = interval, schedule
        self.steps_per_epoch, self.report = steps_per_epoch, report
        self._random = np.random.default_rng(seed)
        self._ranks = salience_of(salience, self._random)
        self._counted, self._peak_by = (accounting, precision), peak_by
        self._freeze = freeze_when_met
        self.trained, self._guessed = is_trained(self.model, self.method, given)
        self._options, self._limits = given, checked_limits(budgets or {})
        sites, dropped = None, tuple[str, ...]()
        self.choice: StructureChoice | None = None
        if structure is not None:
            sites = Sites.of(self.model, *self._example)
            self.choice = chosen_structures(
                structure, self.model, self._example, self._limits, sites, self._counted, given
            )
            dropped = self.choice.dropped
        self.steps, self.frozen = 0, False
        self._build(sites, dropped)

    def _build(self, sites: Sites | None, dropped: Sequence[str]) -> None:
        """Start with the model without some of its structures."""
        self._masked = MaskedModel(self.model, self._example, self._counted, sites, dropped)
        self.space, self._classes = self._masked.space, self._masked.classes
        self.budgets = Budgets(self.space, self._limits, self._peak_by)
        self._rule = width_rule(
            *(self.method, self._options, self.schedule, self.budgets, self._classes),
            *(self._random, self.interval, self.trained),
        )
        self.freeze_when_met = self._rule.freezes if self._freeze is None else self._freeze
        self._ranking = self._masked.prepare(self._ranks)
        self._masks = self._masked.masks
        self._scores: Array | None = None
        self.widths = self.space.full.copy()
        groups = tuple(group.name for group in self.space.groups)
        self.history = History(groups, dict(self.budgets.limits), self.dropped)
        # Slim a copy once, so that what cannot be slimmed is refused before it is trained.
        half = self.space.round(self.space.full / 2)
        kept = zip(self.space.groups, half, strict=True)
        self._masked.slim({group.name: range(int(width)) for group, width in kept})
        self._masked.attach()

    def __repr__(self) -> str:
        costs = self.budgets.text(self.widths)
        without = f"without {', '.join(self.dropped)}, " if self.dropped else ""
        return f"Pruner(method={self.method!r}, {without}{costs}; {self._budgets_are()})"

    def _title(self) -> str:
        return f"by {self.method}: {self._budgets_are()}"

    def _facts(self) -> Facts:
        return [("training steps", f"{self.steps:,}"), *self.budgets.facts(self.widths)]

    @property
    def dropped(self) -> tuple[str, ...]:
        """Names of the structures that the model runs without."""
        return self._masked.dropped

    @property
    def _example(self) -> tuple[Any, Mapping[str, Any]]:
        return self.example_inputs, self.kwargs

    @property
    def masks(self) -> dict[str, Array]:
        """Which classes of each group stay: its name -> one bool a class."""
        parts = np.split(self._masks.hard, self._classes.starts[1:])
        names = (group.name for group in self.space.groups)
        return {name: part.copy() for name, part in zip(names, parts, strict=True)}

    @property
    def multipliers(self) -> Array:
        """The fraction of each group to keep, before rounding, shape (groups,)."""
        return self._rule.multipliers(self.steps)

    @property
    def averaged(self) -> dict[str, tuple[str, ...]]:
        """Operators to which a masked channel is not as good as none, and the groups they read.

        There masked and slimmed models differ until they are trained on: ``Space.averaged``.
        """
        return self.space.averaged

    @property
    def resources(self) -> dict[str, int]:
        """What channels that stay cost: ``peak``, ``size``, ``macs``, and arenas with a budget."""
        return self.budgets.at(self.widths)

    @property
    def use(self) -> dict[str, float]:
        """The share of each budget that the channels that stay take."""
        return self.budgets.use(self.widths)

    @property
    def met(self) -> bool:
        """Whether the channels that stay meet the budgets, and a schedule is at its end.

        From then on widths stay: a good time to slim the model and to train on without masks,
        which is faster.
        """
        return self._rule.due(self.steps) and not self.budgets.unmet(self.widths)

    @property
    def satisfied(self) -> bool:
        """The same as ``met``."""
        return self.met

    def settled(self, tolerance: float | None = None, updates: int | None = None) -> bool:
        """The same as ``met``.

        Args:
            tolerance: Deprecated: wait until no more than this fraction of the classes changes in
                an update.
            updates: Deprecated: in so many updates in a row.
        """
        if tolerance is None and updates is None:
            return self.met
        warnings.warn(
            "settled() need not wait for calm masks: leave out tolerance and updates",
            DeprecationWarning,
            stacklevel=2,
        )
        count = 5 if updates is None else updates
        check_whole("updates", count, 1)
        changes = self.history.mask_change[-count:]
        calm = len(changes) == count and bool((changes <= (tolerance or 0.01)).all())
        return self.met and (self.frozen or calm)

    def step(self, loss: Loss | None = None) -> bool:
        """Count a training step; every ``interval`` of them, update multipliers and masks.

        Args:
            loss: Computes the task loss of the model on a validation batch, a scalar tensor. The
                model runs in the mode it is in; its buffers, such as the statistics of batch
                norms, and the gradients of its parameters are left as they were.

        Returns:
            Whether the masks were updated.

        Raises:
            UsageError: A loss is needed and not given, or is none, or not finite.
        """
        self.steps += 1
        updated = not self.frozen and (self._begins or self.steps % self.interval == 0)
        if updated:
            self._update(loss)
        if self.steps_per_epoch and self.steps % self.steps_per_epoch == 0:
            self.report(f"epoch {self.steps // self.steps_per_epoch}: {self.progress()}")
        return updated

    def enforce(self) -> None:
        """Meet the budgets at once: only what exceeded ones need goes, as ``Space.allocate`` says.

        For a training that ends before they are met, or a new model before its training.
        """
        if self._scores is None:
            self._scores = self._ranking.scores(no_loss)
        self.widths = self._rule.enforced(self.budgets, self.widths)
        self._mask()
        if self.freeze_when_met:
            self.freeze()

    def freeze(self) -> None:
        """From now on, masks and multipliers stay as they are."""
        self.frozen = True

    def remove(self) -> None:
        """Take the masks off the model: it computes again what it would without a pruner."""
        self._masked.detach()

    def slim(self, over_budget: bool = False) -> torch.nn.Module:
        """The model without the masked channels: a plain, smaller ``torch.nn.Module``.

        Args:
            over_budget: Give it although budgets are exceeded.

        Raises:
            UsageError: Budgets are exceeded.
            GraphError: The model cannot run without these channels.
        """
        unmet = self.budgets.unmet(self.widths)
        if unmet and not over_budget:
            costs, limits = self.resources, self.budgets.limits
            said = ", ".join(f"{n} {costs[n]:,} of {limits[n]:,}" for n in unmet)
            raise UsageError(
                f"the budgets are not met yet: {said}; train on, call enforce(),"
                " or slim(over_budget=True)"
            )
        return self._masked.slim(self.masks)

    def progress(self) -> str:
        """Where things stand, in one line."""
        line = f"{self.budgets.text(self.widths)}; {self._masks.hard.mean():.1%} of channels kept"
        if len(self.history):
            line += f", {self.history.mask_change[-1]:.1%} changed last"
            if np.isfinite(loss := self.history.task_loss[-1]):
                line += f"; task loss {loss:.4g}"
        return f"{line}; {self._budgets_are()}"

    @property
    def _begins(self) -> bool:
        """Whether the model is still as new as it was made."""
        return not self.trained and self.steps <= 1

    def _budgets_are(self) -> str:
        return f"budgets {'not met' if not self.met else 'met, frozen' if self.frozen else 'met'}"

    def state_dict(self) -> dict[str, Any]:
        """Everything that ``load_state_dict`` needs, as tensors and plain values."""
        return {
            "groups": list(self.history.groups),
            "method": self.method,
            "dropped": list(self.dropped),
            "rule": self._rule.state(),
            "widths": torch.from_numpy(self.widths.copy()),
            "masks": torch.from_numpy(self._masks.hard.copy()),
            "scores": None if self._scores is None else torch.from_numpy(self._scores.copy()),
            "steps": self.steps,
            "frozen": self.frozen,
            "random": self._random.bit_generator.state,
            "history": {name: list(column) for name, column in self.history.rows.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where another pruner of the same model and options was.

        Args:
            state: What its ``state_dict`` gave.

        Raises:
            UsageError: It is of another model, or another method.
        """
        state = {"dropped": [], **state}  # what older versions saved is of whole models
        if state.keys() != self.state_dict().keys():
            raise UsageError("the state is not that of a pruner")
        if tuple(state["dropped"]) != self.dropped:
            self._masked.detach()
            self._build(None, state["dropped"])
        same = list(state["groups"]) == list(self.history.groups)
        if not same or len(state["masks"]) != len(self._masks.hard):
            raise UsageError("the state is of a pruner of another model: its groups differ")
        if state["method"] != self.method:
            raise UsageError(
                f"the state is of a pruner that goes by {state['method']!r}, this one goes by"
                f" {self.method!r}"
            )
        self._rule.restore(state["rule"])
        self.widths = state["widths"].numpy().copy()
        self._scores = None if state["scores"] is None else state["scores"].numpy().copy()
        self.steps, self.frozen = state["steps"], state["frozen"]
        self._random.bit_generator.state = state["random"]
        self.history.rows = {name: list(column) for name, column in state["history"].items()}
        self._masks.set(state["masks"].numpy())

    def _update(self, loss: Loss | None) -> None:
        """WIDTHUPDATE and MASK of Algorithm 1, with widths by the rule."""
        with undisturbing(self.model, loss) as loss:
            scores = self._ranking.scores(lambda: value_of(loss))
            if self._scores is not None and not self._rule.follows:
                # What is masked learns nothing: it counts by what it was.
                scores = np.where(self._masks.hard, scores, self._scores)
            self._scores = scores
            moment = Moment(self.steps, self.met, self.widths, scores, self._masks, loss)
            decision = self._rule.decide(moment)
        self.widths = decision.widths
        before = self._masks.hard
        self._mask()
        self.history.add(
            step=self.steps,
            widths=self.widths.tolist(),
            multipliers=self.multipliers.tolist(),
            **{"arena": float("nan"), "overlap_arena": float("nan"), **self.resources},
            task_loss=decision.task_loss,
            resource_loss=decision.resource_loss,
            mask_change=float((before != self._masks.hard).mean()),
        )
        if self.freeze_when_met and self.met:
            self.freeze()

    def _mask(self) -> None:
        """Keep the most salient classes of each group, as many as its width says."""
        assert self._scores is not None
        ranks = self._scores
        if not self._rule.follows:
            ranks = ranks + np.where(self._masks.hard, ranks.max() + 1, 0)
        uncut = self._masks.hard.all()
        self._masks.set(self._classes.most(ranks, self.widths))
        if self._begins and uncut:
            self._masked.fit_weights()
            if self._guessed:
                self.report(NEW.format("its norms have learned nothing"))
