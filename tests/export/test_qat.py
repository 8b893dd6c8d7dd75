"""Training with int8 rounding in the loop."""

from pathlib import Path
from typing import Any

import pytest

import mcugraph as mg
from mcugraph.export.qat import finish_qat, prepare_qat

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle("torchao", "litert_torch", "ai_edge_quantizer")


def trainable(kit: Any, name: str) -> tuple[Any, tuple[Any, ...]]:
    model, inputs = kit.network(name)
    return model.requires_grad_(True), inputs


@pytest.mark.parametrize("name", ["ds_cnn", "resnet", "efficientnet", "densenet", "siamese"])
def test_it_computes_nearly_the_same_and_can_be_trained(kit: Any, name: str) -> None:
    model, inputs = trainable(kit, name)
    prepared = prepare_qat(model, inputs)
    x = kit.batches(inputs, count=1, size=6)[0][: len(inputs)]
    for _ in range(2):  # ranges come from what was seen
        got = prepared(*x)
    wanted = model(*x)
    assert torch.linalg.norm(got - wanted) < 0.15 * torch.linalg.norm(wanted)
    assert not torch.equal(got, wanted)
    got.square().mean().backward()
    names = {name for name, _ in model.named_parameters()}
    assert names == {name for name, _ in prepared.named_parameters()}
    assert all(p.grad is not None for p in prepared.parameters())


@pytest.mark.parametrize("scheme", ["int8", "int8-per-tensor"])
def test_rounding_is_where_the_model_is(kit: Any, scheme: str) -> None:
    model, inputs = trainable(kit, "ds_cnn")
    prepared = prepare_qat(model.to("meta"), tuple(x.to("meta") for x in inputs), scheme)
    assert {value.device.type for value in prepared.state_dict().values()} == {"meta"}


def test_training_changes_the_result_and_nothing_else(kit: Any) -> None:
    model, inputs = trainable(kit, "ds_cnn")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    prepared = prepare_qat(model, inputs)
    optimizer = torch.optim.SGD(prepared.parameters(), 0.1)
    prepared(torch.randn(3, 1, 49, 10)).square().mean().backward()
    optimizer.step()
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    trained = finish_qat(prepared)
    assert type(trained) is type(model)
    assert not trained.training
    after = trained.state_dict()
    assert not torch.equal(after["stem.0.weight"], before["stem.0.weight"])
    # Batch norm is frozen.
    assert torch.equal(after["stem.1.running_mean"], before["stem.1.running_mean"])


def test_rounding_is_where_the_file_rounds(kit: Any, tmp_path: Path) -> None:
    """As many activations are rounded as the file computes with a scale of their own."""
    model, inputs = trainable(kit, "resnet")
    prepared = prepare_qat(model, inputs)
    rounded = [node for node in prepared.graph.nodes if node.op == "call_module"]
    weights = [node for node in rounded if node.args[0].op == "get_attr"]
    graph = mg.load(kit.export("resnet").path)
    kinds = [operator.native for operator in graph.operators]
    assert len(weights) == kinds.count("CONV_2D") + kinds.count("FULLY_CONNECTED")
    results = [kind for kind in kinds if kind != "PAD"]
    assert len(rounded) - len(weights) == len(results) + len(graph.inputs)


def test_what_it_refuses() -> None:
    class Fixed(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return x.view(4, -1) * 2.0

    with pytest.raises(mg.FormatError, match=r"Fixed: .* cannot take a batch of any size") as error:
        prepare_qat(Fixed(), torch.randn(4, 3))
    assert "\n" not in str(error.value)
    with pytest.raises(mg.UsageError, match="takes what prepare_qat returned"):
        finish_qat(torch.nn.Linear(1, 1))


@pytest.mark.slow
def test_it_helps_where_int8_hurts(kit: Any, tmp_path: Path) -> None:
    """A small trained network whose channels differ much in range, before and after."""
    from mcugraph.export.to_tflite import export_tflite

    torch.manual_seed(0)
    templates = torch.randn(6, 1, 8, 8)
    labels = torch.arange(300) % 6
    data = templates[labels] + torch.randn(300, 1, 8, 8)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3, 2, 1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(8, 8, 3, 2, 1),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(32, 6),
    )
    train(model, data, labels, 1e-2, 10)
    with torch.no_grad():  # the same function, but one scale does not fit all channels
        factors = torch.logspace(-3.5, 0, 8)
        model[0].weight *= factors.view(-1, 1, 1, 1)
        model[0].bias *= factors
        model[2].weight /= factors.view(1, -1, 1, 1)
    plain = export_tflite(model, data[:1], tmp_path / "plain.tflite", [data[:100]])
    prepared = prepare_qat(model, data[:2])
    train(prepared, data, labels, 1e-3, 6)
    after = export_tflite(finish_qat(prepared), data[:1], tmp_path / "trained.tflite", [data[:100]])
    assert after.figures == plain.figures
    # 85 % before and 95 % after, of the 100 % of floats.
    before = accuracy(kit, plain.path, data, labels)
    assert accuracy(kit, after.path, data, labels) >= before + 0.02


def train(model: Any, data: Any, labels: Any, rate: float, epochs: int) -> None:
    optimizer = torch.optim.Adam(model.parameters(), rate)
    for _ in range(epochs):
        for part in torch.randperm(len(data)).split(50):
            loss = torch.nn.functional.cross_entropy(model(data[part]), labels[part])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def accuracy(kit: Any, path: Path, data: Any, labels: Any) -> float:
    found = [int(kit.run(path, x.unsqueeze(0))[0].argmax()) for x in data]
    return sum(a == b for a, b in zip(found, labels.tolist(), strict=False)) / len(data)
