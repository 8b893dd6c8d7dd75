"""Masks on weights in Lightning: a step for each of the optimizer's, state in checkpoints."""

from pathlib import Path
from typing import Any

import pytest

from mcugraph.errors import UsageError

torch = pytest.importorskip("torch")
lightning = pytest.importorskip("lightning")

from torch import nn  # noqa: E402

from mcugraph.compress import AGP, Sparsifier  # noqa: E402
from mcugraph.compress.lightning_sparsity import LightningSparsity  # noqa: E402


class Module(lightning.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 4))

    def training_step(self, batch: Any, index: int) -> Any:
        x, y = batch
        return nn.functional.cross_entropy(self.net(x), y)

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), 0.05, momentum=0.9)


def sparsified(net: Any) -> Sparsifier:
    return Sparsifier(net, 0.75, heuristic="gradient", schedule=AGP(0, 12, 2))


def fit(module: Any, callback: Any, folder: Path, **options: Any) -> Any:
    path = options.pop("ckpt_path", None)
    trainer = lightning.Trainer(
        callbacks=[callback],
        default_root_dir=folder,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        accelerator="cpu",
        **options,
    )
    torch.manual_seed(1)
    data = torch.utils.data.TensorDataset(torch.randn(64, 16), torch.randint(0, 4, (64,)))
    loader = torch.utils.data.DataLoader(data, 16)
    trainer.fit(module, loader, ckpt_path=path, weights_only=False)
    return trainer


@pytest.mark.filterwarnings("ignore")
def test_a_checkpoint_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    module, callback = Module(), LightningSparsity(sparsified, network="net")
    fit(module, callback, tmp_path, max_epochs=4)
    assert callback.sparsifier is not None
    assert callback.sparsifier.steps == 16
    assert callback.sparsifier.done
    assert callback.sparsifier.sparsities == {"1.weight": 0.75, "3.weight": 0.75}

    begun = LightningSparsity(sparsified, network="net")
    trainer = fit(Module(), begun, tmp_path, max_epochs=2)
    trainer.save_checkpoint(tmp_path / "half.ckpt")
    other, again = Module(), LightningSparsity(sparsified, network="net")
    fit(other, again, tmp_path, max_epochs=4, ckpt_path=tmp_path / "half.ckpt")
    assert again.sparsifier is not None
    assert again.sparsifier.steps == 16
    for one, two in zip(module.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)


@pytest.mark.filterwarnings("ignore")
def test_what_cannot_be_is_refused_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="make: a function is needed"):
        LightningSparsity(3)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="Module has no network 'body'"):
        fit(Module(), LightningSparsity(sparsified, network="body"), tmp_path, max_epochs=1)
    with pytest.raises(UsageError, match="make has to give a Sparsifier, not NoneType"):
        fit(Module(), LightningSparsity(lambda net: None), tmp_path, max_epochs=1)  # type: ignore
