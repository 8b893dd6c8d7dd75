"""Graphs for people who want to look for themselves."""

from pathlib import Path

import networkx
import pytest

import mcugraph as mg


@pytest.mark.parametrize("name", ["detector.onnx", "resnet_int8.tflite", "siamese.onnx"])
def test_operators_and_tensors_are_there(name: str, models: Path) -> None:
    graph = mg.load(models / name)
    found = graph.to_networkx()
    assert networkx.is_directed_acyclic_graph(found)
    kinds = [kind for _, kind in found.nodes(data="kind")]
    assert kinds.count("input") == len(graph.inputs)
    assert kinds.count("output") == len(graph.outputs)
    assert set(found) >= {operator.name for operator in graph.operators}
    order = {operator.name: i for i, operator in enumerate(graph.operators)}
    for source, target, facts in found.edges(data=True):
        assert facts["bytes"] == graph.tensors[facts["tensor"]].nbytes
        if source in order and target in order:
            assert order[source] < order[target]


def test_shared_inputs_and_outputs_that_are_read() -> None:
    torch = pytest.importorskip("torch")

    class Twice(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
            y = torch.relu(x)
            return y, y * y

    found = mg.from_torch(Twice(), (torch.zeros(1, 4),)).to_networkx()
    assert found.number_of_nodes() == 5
    assert sorted(found.degree(n) for n in found) == [1, 1, 1, 2, 3]
