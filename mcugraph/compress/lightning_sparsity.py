"""Element-wise pruning in the training of Lightning; not imported unless asked for by full name."""

from collections.abc import Callable, Mapping
from typing import Any

from mcugraph.checks import check_callable
from mcugraph.compress.sparsifier import Sparsifier
from mcugraph.errors import UsageError
from mcugraph.prune.adapting import submodule_of

try:
    import lightning
except ImportError:
    raise UsageError("lightning is not installed: pip install 'mcugraph[lightning]'") from None


class LightningSparsity(lightning.Callback):
    """Steps a ``Sparsifier`` after each step of the optimizer, and keeps its state in checkpoints.

    ::

        callback = LightningSparsity(lambda net: Sparsifier(net, 0.9, schedule=AGP(0, 2000, 100)),
                                     network="net")
        lightning.Trainer(callbacks=[callback]).fit(module, loader)
        net = callback.sparsifier.finish()

    On one device; a network that is spread over several is refused.

    Args:
        make: From the network, on its device, to a ``Sparsifier`` of it.
        network: Name of the attribute with the network, like ``"net"``; None: the
            ``LightningModule`` itself.

    Attributes:
        sparsifier: There from the start of the training on.

    Raises:
        UsageError: ``make`` is no function.
    """

    def __init__(self, make: Callable[[Any], Sparsifier], *, network: str | None = None) -> None:
        check_callable("make", make)
        self.make, self.network = make, network
        self.sparsifier: Sparsifier | None = None
        self._restored: Mapping[str, Any] | None = None
        self._steps = 0

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Build the sparsifier: the network is on its device now."""
        if trainer.world_size > 1:
            raise UsageError(f"masks on {trainer.world_size} devices at once are not supported")
        if self.sparsifier is None:
            made = self.make(submodule_of(pl_module, self.network))
            if not isinstance(made, Sparsifier):
                raise UsageError(f"make has to give a Sparsifier, not {type(made).__name__}")
            self.sparsifier = made
        self._restore()

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Count steps from here on."""
        self._steps = trainer.global_step

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Step the sparsifier where the optimizer has stepped."""
        if trainer.global_step != self._steps and self.sparsifier is not None:
            self._steps = trainer.global_step
            self.sparsifier.step()

    def state_dict(self) -> dict[str, Any]:
        """The sparsifier's state, for a checkpoint."""
        return {} if self.sparsifier is None else {"sparsifier": self.sparsifier.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._restored = state_dict.get("sparsifier")
        self._restore()

    def _restore(self) -> None:
        if self.sparsifier is not None and self._restored is not None:
            self.sparsifier.load_state_dict(self._restored)
            self._restored = None
