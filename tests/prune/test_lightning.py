"""The pruner in Lightning's training: a step for each of the optimizer's, state in checkpoints."""

import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

import mcugraph as mg

torch = pytest.importorskip("torch")
lightning = pytest.importorskip("lightning")

from torch import nn  # noqa: E402

from mcugraph.prune.lightning import LightningPruning  # noqa: E402

INPUT = torch.zeros(1, 1, 10, 10)
BUDGETS = {"arena": 3_000, "macs": 300_000}


class Module(lightning.LightningModule):
    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net
        self.seen: list[int] = []

    def forward(self, x: Any) -> Any:
        return self.net(x)

    def training_step(self, batch: Any, index: int) -> Any:
        x, y = batch
        self.seen.append(sum(p.numel() for p in self.net.parameters()))
        return nn.functional.cross_entropy(self(x), y)

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), 0.05, momentum=0.9)


def loss(module: Any, batch: Any) -> Any:
    x, y = batch
    return nn.functional.cross_entropy(module(x), y)


def batches(training: Any) -> list[Any]:
    x, y = training.task(128)
    return list(zip(x.split(16), y.split(16), strict=True))


def pruning(training: Any, **options: Any) -> LightningPruning:
    default = {"network": "net", "interval": 2}
    return LightningPruning(INPUT, BUDGETS, **{**default, **options})


def fit(module: Any, callback: Any, training: Any, folder: Path, **options: Any) -> Any:
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    default = {"max_epochs": 6, "enable_checkpointing": False, "accelerator": "cpu"}
    path = options.pop("ckpt_path", None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = lightning.Trainer(
            callbacks=[callback], default_root_dir=folder, **{**quiet, **default, **options}
        )
        data = torch.utils.data.TensorDataset(*training.task(128))
        trainer.fit(module, torch.utils.data.DataLoader(data, 16), ckpt_path=path)
    return trainer


def test_the_budgets_are_met_and_the_masks_stay(training: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module, callback = Module(training.Residual()), pruning(training, trained=True)
    fit(module, callback, training, tmp_path, max_epochs=10)
    assert callback.pruner.met
    assert callback.pruner.frozen
    assert callback.pruner.history.step[-1] == 8  # a tenth of 80 steps
    small = callback.slim()
    found = mg.profile(mg.from_torch(small, INPUT), precision="int8")
    assert found.memory.tflm_arena <= BUDGETS["arena"]
    assert found.macs <= BUDGETS["macs"]
    assert len(set(module.seen)) == 1


def test_a_new_network_is_cut_at_the_first_step(training: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module, callback = Module(training.Residual()), pruning(training, when_met="slim")
    fit(module, callback, training, tmp_path, max_epochs=2)
    assert callback.pruner.history.step.tolist() == [1]
    assert len(set(module.seen[1:])) == 1
    assert module.seen[1] < module.seen[0]


def test_slims_where_it_stands_and_the_optimizer_goes_on(training: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Module(training.Residual())
    callback = pruning(training, when_met="slim")
    trainer = fit(module, callback, training, tmp_path, max_epochs=10)
    assert module.net is callback.small is callback.slim()
    assert module.seen[-1] < module.seen[0]
    assert len(module.seen) == 10 * 8
    own = {id(parameter) for parameter in module.net.parameters()}
    (group,) = trainer.optimizers[0].param_groups
    assert {id(parameter) for parameter in group["params"]} == own
    assert not any(part._forward_pre_hooks for part in module.net.modules())


def test_structures_go_by_the_loss(training: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Module(training.Residual())

    def loss(module: Any, batch: Any) -> Any:
        return torch.nn.functional.cross_entropy(module.net(batch[0]), batch[1])

    callback = pruning(
        training, when_met="slim", structure="loss", validate=batches(training), loss=loss
    )
    fit(module, callback, training, tmp_path, max_epochs=10)
    assert callback.pruner.choice.rises
    assert getattr(callback.small, "mcugraph_dropped", ()) == callback.pruner.dropped
    found = mg.profile(mg.from_torch(callback.slim(), INPUT), precision="int8")
    assert found.memory.tflm_arena <= BUDGETS["arena"]
    module = Module(training.Residual())
    with pytest.raises(mg.UsageError, match="structure='loss' needs validate="):
        fit(module, pruning(training, structure="loss"), training, tmp_path, max_epochs=1)


def test_stops_when_the_budgets_are_met(training: Any, tmp_path: Path) -> None:
    module, callback = Module(training.Chain()), pruning(training, when_met="stop")
    fit(module, callback, training, tmp_path, max_epochs=100)
    assert callback.pruner.met
    assert len(module.seen) < 100 * 8


def test_a_step_of_the_pruner_is_one_of_the_optimizer(training: Any, tmp_path: Path) -> None:
    module, callback = Module(training.Chain()), pruning(training)
    fit(module, callback, training, tmp_path, max_epochs=2, accumulate_grad_batches=4)
    assert len(module.seen) == 16
    assert callback.pruner.steps == 4


def test_goes_on_from_a_checkpoint(training: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module, callback = Module(training.Residual()), pruning(training)
    trainer = fit(module, callback, training, tmp_path, max_epochs=3)
    path = tmp_path / "some.ckpt"
    trainer.save_checkpoint(path)
    saved = callback.pruner.state_dict()

    again, resumed = Module(training.Residual()), pruning(training)
    fit(again, resumed, training, tmp_path, max_epochs=3, ckpt_path=path)
    assert resumed.pruner.steps == saved["steps"] == 24
    assert torch.equal(resumed.pruner.state_dict()["widths"], saved["widths"])
    fit(again, resumed, training, tmp_path, max_epochs=4, ckpt_path=path)
    assert resumed.pruner.steps == 32


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"when_met": "never"}, "unknown when_met 'never'; expected freeze, slim, stop"),
        ({"when_met": "slim", "network": None}, "when_met='slim' needs network="),
        ({"network": "body"}, "Module has no network 'body'"),
        ({"when_met": "slim"}, "an optimizer trains more than net: it cannot go on"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    options: dict[str, Any], said: str, training: Any, tmp_path: Path
) -> None:
    module = Module(training.Chain())
    module.more = nn.Linear(1, 1)
    with pytest.raises(mg.UsageError, match=said):
        fit(module, pruning(training, **options), training, tmp_path)


def test_a_loss_where_the_method_asks_for_one(training: Any, tmp_path: Path) -> None:
    seen = []

    def watched(module: Any, batch: Any) -> Any:
        seen.append(len(batch[0]))
        return loss(module, batch)

    paper = {"method": "paper", "validate": batches(training)[:3], "loss": watched}
    fit(Module(training.Chain()), pruning(training, **paper), training, tmp_path, max_epochs=1)
    assert seen == [16] * 4
    with pytest.raises(mg.UsageError, match=r"step\(\) needs loss"):
        fit(Module(training.Chain()), pruning(training, method="paper"), training, tmp_path)
    with pytest.raises(mg.UsageError, match="validate= and loss= go together"):
        pruning(training, loss=loss)


def test_data_that_can_be_read_once_is_refused(training: Any) -> None:
    with pytest.raises(mg.UsageError, match="validate: a DataLoader or a list of batches"):
        LightningPruning(INPUT, BUDGETS, iter(batches(training)), loss)
    with pytest.raises(mg.UsageError, match="nothing to slim before the training"):
        pruning(training).slim()


def test_frameworks_are_imported_by_their_own_modules_alone() -> None:
    code = (
        "import sys, mcugraph.prune as p; p.Pruner, p.to_budget\n"
        "from mcugraph.errors import UsageError\n"
        "for name in ('lightning', 'transformers'):\n"
        "    assert name not in sys.modules\n"
        "    sys.modules[name] = None\n"
        "    try:\n        __import__('mcugraph.prune.' + name)\n"
        "    except UsageError as error:\n        print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        f"{name} is not installed: pip install 'mcugraph[{name}]'"
        for name in ("lightning", "transformers")
    ]
