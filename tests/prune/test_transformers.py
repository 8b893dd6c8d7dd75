"""The pruner in Hugging Face's Trainer: a step for each of the optimizer's."""

from pathlib import Path
from typing import Any

import pytest

import mcugraph as mg

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")

from mcugraph.prune.transformers import TrainerPruning  # noqa: E402

IMAGE = torch.zeros(1, 1, 16, 16)
BUDGETS = {"macs": 40_000, "size": 3_000}
SHAPE = {"num_channels": 1, "embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}


def network() -> Any:
    torch.manual_seed(0)
    config = transformers.ResNetConfig(**SHAPE, layer_type="basic", num_labels=4)
    return transformers.ResNetForImageClassification(config)


def rows(count: int = 64) -> list[dict[str, Any]]:
    x = torch.randn(count, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    return [{"pixel_values": image, "labels": i % 4} for i, image in enumerate(x)]


def held() -> list[dict[str, Any]]:
    first = rows(16)
    return [
        {
            "pixel_values": torch.stack([row["pixel_values"] for row in first]),
            "labels": torch.tensor([row["labels"] for row in first]),
        }
    ]


def pruning(**options: Any) -> TrainerPruning:
    return TrainerPruning({"pixel_values": IMAGE}, BUDGETS, **{"interval": 2, **options})


def train(model: Any, callback: Any, folder: Path, **options: Any) -> Any:
    default = {"num_train_epochs": 10, "save_strategy": "no", "per_device_train_batch_size": 16}
    quiet = {"report_to": [], "disable_tqdm": True, "logging_strategy": "no", "use_cpu": True}
    resume = options.pop("resume", None)
    arguments = transformers.TrainingArguments(str(folder), **{**default, **quiet, **options})
    trainer = transformers.Trainer(model, arguments, train_dataset=rows(), callbacks=[callback])
    trainer.train(resume_from_checkpoint=resume)
    return trainer


def test_the_budgets_are_met_and_the_masks_stay(tmp_path: Path) -> None:
    model, callback = network(), pruning(trained=True)
    train(model, callback, tmp_path)
    assert callback.pruner.met
    assert callback.pruner.frozen
    assert callback.pruner.history.step[-1] == 4  # a tenth of 40 steps
    small = callback.slim()
    found = mg.profile(mg.from_torch(small, (), kwargs={"pixel_values": IMAGE}), precision="int8")
    assert found.macs <= BUDGETS["macs"]
    assert found.flash.weights + found.flash.biases <= BUDGETS["size"]
    train(small, transformers.TrainerCallback(), tmp_path, num_train_epochs=1)
    assert small(pixel_values=IMAGE).logits.shape == (1, 4)


def test_a_new_network_is_cut_at_the_first_step(tmp_path: Path) -> None:
    callback = pruning()
    train(network(), callback, tmp_path, num_train_epochs=1)
    assert callback.pruner.history.step.tolist() == [1]
    assert callback.pruner.met


def test_stops_when_the_budgets_are_met(tmp_path: Path) -> None:
    callback = pruning(when_met="stop")
    trainer = train(network(), callback, tmp_path, num_train_epochs=200)
    assert callback.pruner.met
    assert trainer.state.global_step < 200 * 4


def test_a_step_of_the_pruner_is_one_of_the_optimizer(tmp_path: Path) -> None:
    callback = pruning()
    train(network(), callback, tmp_path, num_train_epochs=2, gradient_accumulation_steps=2)
    assert callback.pruner.steps == 4


def test_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    callback = pruning()
    train(network(), callback, tmp_path, num_train_epochs=2, save_strategy="epoch")
    checkpoint = tmp_path / "checkpoint-8"
    assert (checkpoint / "mcugraph_pruner.pt").is_file()
    resumed = pruning()
    train(network(), resumed, tmp_path, num_train_epochs=3, resume=str(checkpoint))
    assert resumed.pruner.steps == 12
    assert resumed.pruner.history.step[:1].tolist() == callback.pruner.history.step.tolist()

    (checkpoint / "mcugraph_pruner.pt").unlink()
    with pytest.raises(mg.UsageError, match=r"without the pruner's state: .*pruner\.pt is not"):
        train(network(), pruning(), tmp_path, num_train_epochs=3, resume=str(checkpoint))


def test_the_loss_of_the_model_where_the_method_asks_for_one(tmp_path: Path) -> None:
    callback = pruning(validate=held(), method="paper")
    train(network(), callback, tmp_path, num_train_epochs=1)
    assert (callback.pruner.history.task_loss > 0).all()
    with pytest.raises(mg.UsageError, match=r"step\(\) needs loss"):
        train(network(), pruning(method="paper"), tmp_path, num_train_epochs=1)


def test_a_loss_of_your_own(tmp_path: Path) -> None:
    def loss(model: Any, batch: Any) -> Any:
        images, labels = batch
        return torch.nn.functional.cross_entropy(model(images).logits, labels)

    pairs = [(held()[0]["pixel_values"], held()[0]["labels"])]
    callback = TrainerPruning(IMAGE, BUDGETS, pairs, loss, interval=2, method="paper")
    train(network(), callback, tmp_path, num_train_epochs=1)
    assert callback.pruner.steps == 4
    assert len(callback.pruner.history) == 2


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(mg.UsageError, match="unknown when_met 'slim'; expected freeze or stop"):
        pruning(when_met="slim")
    with pytest.raises(mg.UsageError, match="validate: a DataLoader or a list of batches"):
        TrainerPruning(IMAGE, BUDGETS, 3)
    with pytest.raises(mg.UsageError, match="nothing to slim before the training"):
        pruning().slim()
    unlabelled = TrainerPruning(
        IMAGE, BUDGETS, [{"pixel_values": IMAGE}], interval=1, method="paper"
    )
    with pytest.raises(mg.UsageError, match="computes no loss of a batch from validate"):
        train(network(), unlabelled, tmp_path, num_train_epochs=1)
    empty = TrainerPruning(IMAGE, BUDGETS, [], interval=1, method="paper")
    with pytest.raises(mg.UsageError, match="validate is empty"):
        train(network(), empty, tmp_path, num_train_epochs=1)
