"""Reshapes that nothing needs, and results that are computed once."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import mcugraph as mg
from mcugraph.ops.elementwise import Elementwise
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.rewrite.edit import Step, rewritten
from mcugraph.rewrite.integers import integer_form
from mcugraph.rewrite.settling import settle_reshapes, share_results

torch = pytest.importorskip("torch")
nn = torch.nn

from support.calls import counted_calls  # noqa: E402
from support.layers import Apply  # noqa: E402


class Twice(nn.Module):
    """Two branches that begin with the same pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1)

    def forward(self, x: Any) -> Any:
        pool = nn.functional.max_pool2d
        return self.a(pool(x, 2)) + self.b(pool(x, 2))


def kinds(model: Any, *shape: int) -> list[str]:
    graph = mg.from_torch(model.eval(), (torch.zeros(1, *shape),))
    return [operator.op.kind for operator in counted_forms(graph, "deployed").runs.operators]


def test_a_chain_of_reshapes_is_none() -> None:
    views = Apply(lambda x: x.view(-1, 4, 8).view(-1, 2, 16).view(-1, 32))
    assert kinds(nn.Sequential(nn.Linear(6, 32), views, nn.Linear(32, 4)), 6) == ["dense", "dense"]


def test_what_is_done_to_each_element_goes_before_reshapes() -> None:
    first, back = Apply(lambda x: x.view(-1, 4, 8)), nn.Flatten()
    model = nn.Sequential(nn.Linear(6, 32), first, nn.Tanh(), back, nn.Linear(32, 4))
    assert kinds(model, 6) == ["dense", "tanh", "dense"]


def test_a_dense_layer_reads_maps_of_one_element() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4, 2))
    assert kinds(model, 3, 3, 3) == ["conv2d", "dense"]
    assert kinds(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(16, 2)), 3, 4, 4) == [
        "conv2d",
        "flatten",
        "dense",
    ]


def test_every_dense_layer_reads_maps_of_one_element() -> None:
    """A converter's file has a reshape for who needs it, and dense layers read past that."""

    class Heads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.a, self.b = nn.Conv2d(3, 4, 3), nn.Linear(4, 2), nn.Linear(4, 4)

        def forward(self, x: Any) -> Any:
            units = self.conv(x).flatten(1)
            return self.a(units), self.b(units)

    class Residual(Heads):
        def forward(self, x: Any) -> Any:
            units = self.conv(x).flatten(1)
            return self.b(units) + units

    assert kinds(Heads(), 3, 3, 3) == ["conv2d", "dense", "dense"]
    assert kinds(Residual(), 3, 3, 3) == ["conv2d", "flatten", "dense", "add"]


def test_what_is_reshaped_twice_is_reshaped_once() -> None:
    model = Apply(lambda x: x.flatten(1) + x.flatten(1).tanh())
    assert kinds(model, 3, 4, 4).count("flatten") == 1


def test_what_is_computed_twice_is_computed_once() -> None:
    assert kinds(Twice(), 3, 8, 8).count("max_pool2d") == 1


@pytest.mark.parametrize(("second", "scales"), [(0.1, [0.1]), (0.2, [0.1, 0.2])])
def test_one_input_quantised_for_each_of_its_readers(
    second: float, scales: list[float], tmp_path: Path
) -> None:
    """Results are shared only where their integers stand for the same numbers."""
    onnx = pytest.importorskip("onnx")
    make, parts = onnx.helper, []
    for source, scale, name in (("x", "a", "l"), ("x", "b", "r"), ("sum", "c", "y")):
        between = f"{name}/integers"
        parts += [
            make.make_node("QuantizeLinear", [source, scale, "zero"], [between]),
            make.make_node("DequantizeLinear", [between, scale, "zero"], [name]),
        ]
    parts.insert(4, make.make_node("Add", ["l", "r"], ["sum"]))
    floats, values = onnx.TensorProto.FLOAT, {"a": 0.1, "b": second, "c": 0.5}
    constants = [make.make_tensor(name, floats, [], [v]) for name, v in values.items()]
    constants.append(make.make_tensor("zero", onnx.TensorProto.INT8, [], [0]))
    ends = [[make.make_tensor_value_info(name, floats, [1, 8])] for name in "xy"]
    graph = make.make_graph(parts, "two", *ends, constants)
    opset = [make.make_opsetid("", 17)]
    onnx.save(make.make_model(graph, opset_imports=opset), tmp_path / "two.onnx")
    form = integer_form(mg.load(tmp_path / "two.onnx"))
    read = [form.tensors[op.outputs[0]] for op in form.operators if op.op.kind == "quantize"]
    assert [round(float(t.quantization.values()[0][0]), 3) for t in read] == scales


def test_a_relu_of_what_is_not_negative_is_none() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Sigmoid(), nn.ReLU())
    assert kinds(model, 3, 4, 4) == ["conv2d", "sigmoid"]


@pytest.mark.parametrize(("correction", "more"), [(0, []), (1, ["mul"])])
def test_variances_are_split(correction: int, more: list[str]) -> None:
    model = Apply(lambda x: x.var((2, 3), correction=correction).tanh())
    assert kinds(model, 3, 4, 4) == ["reduce_mean", "sub", "mul", "reduce_mean", *more, "tanh"]
    x, data = model(torch.ones(1, 3, 4, 4)), mg.from_torch(model, (torch.zeros(1, 3, 4, 4),))
    assert x.shape == (1, 3)
    assert mg.profile(data).memory.tflm_arena is not None


def calls_of(step: Step, graph: mg.Graph) -> tuple[mg.Graph, int]:
    """What a step makes of a graph, and how many calls of functions that takes."""
    with counted_calls() as calls:
        made = rewritten(graph, step)
    return made, calls.count


def test_thousands_of_readers_are_told_apart_at_once() -> None:
    """Each slope twice: one operator a slope is left, in calls that grow with their number."""

    def slopes(count: int) -> mg.Graph:
        def summed(x: Any) -> Any:
            made = [nn.functional.leaky_relu(x, 0.01 + i / 1024) for i in [*range(count)] * 2]
            return torch.cat(made)

        return mg.from_torch(Apply(summed), (torch.zeros(1, 2),))

    (few, calls), (many, further) = (calls_of(share_results, slopes(n)) for n in (40, 80))
    assert (len(few.operators), len(many.operators)) == (41, 81)
    assert further < 2.5 * calls


@pytest.mark.parametrize("count", [40, 41])
def test_a_long_row_of_reshapes_is_settled_in_a_few_passes(count: int) -> None:
    """Slopes stay in their order; of the reshapes between them one is left, or none."""

    def row(count: int) -> mg.Graph:
        def stepped(x: Any) -> Any:
            for i in range(count):
                x = nn.functional.leaky_relu(x.view(2, 3) if i % 2 else x.view(1, 6), 0.01 + i)
            return x

        return mg.from_torch(Apply(stepped), (torch.zeros(2, 3),))

    made, calls = calls_of(settle_reshapes, row(count))
    slopes = [o.op.parameters[0] for o in made.operators if isinstance(o.op, Elementwise)]
    assert slopes == [0.01 + i for i in range(count)]
    assert len(made.operators) == count + count % 2
    assert all(
        o.inputs[0] in (made.inputs[0], before.outputs[0]) for before, o in pairwise(made.operators)
    )
    assert calls_of(settle_reshapes, row(2 * count))[1] < 2.5 * calls
