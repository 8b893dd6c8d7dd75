"""PyTorch models: names, sharing, inputs and outputs, modes, figures worked out by hand."""

import importlib
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.loading import load_module

import mcugraph as mg
from mcugraph.ir import DType, Graph, Kind, TensorType
from mcugraph.ops.opaque import Opaque

torch = pytest.importorskip("torch")
F = torch.nn.functional
nn = torch.nn
Tensor = torch.Tensor


networks = load_module("fixtures/networks.py")


def names(graph: Graph) -> list[str]:
    return [operator.name for operator in graph.operators]


def kinds(graph: Graph) -> list[str]:
    return [operator.op.kind for operator in graph.operators]


def check_rules(graph: Graph) -> None:
    """Every operator's own rule gives the shapes that PyTorch gives."""
    for operator in graph.operators:
        read = [None if n is None else graph.tensors[n] for n in operator.inputs]
        results = operator.op.infer([t and TensorType(t.dtype, t.shape) for t in read])
        assert not isinstance(operator.op, Opaque), operator
        assert results is not None, operator
        assert [r.shape for r in results] == [graph.tensors[n].shape for n in operator.outputs]


# ---- the same network in three formats ---------------------------------------------------------

NETWORKS = sorted(networks.NETWORKS)
# Where the converter to TFLite makes other operators (tests/test_fixtures.py names each): four of a
# batch norm that stands alone.
OTHERWISE = {"densenet"}


@pytest.mark.parametrize("network", NETWORKS)
def test_three_formats_agree(network: str, models: Path) -> None:
    graph = mg.from_torch(*networks.build(network))
    check_rules(graph)
    ours = mg.profile(graph, precision="int8")
    onnx = mg.profile(models / f"{network}.onnx", precision="int8")
    tflite = mg.profile(models / f"{network}_int8.tflite")
    assert ours.complete
    assert ours.macs == onnx.macs == tflite.macs
    assert ours.flash.weights == onnx.flash.weights
    assert ours.flash.biases == onnx.flash.biases == tflite.flash.biases
    if network not in OTHERWISE:
        assert ours.flash.weights == tflite.flash.weights
    assert ours.model.parameters == onnx.model.parameters
    assert ours.memory.peak == onnx.memory.peak
    assert ours.memory.file_order_peak == onnx.memory.file_order_peak
    assert ours.memory.operator_bound == onnx.memory.operator_bound
    assert ours.elementwise == onnx.elementwise
    assert ours.memory.peak == tflite.memory.peak
    assert ours.memory.tflm_arena == onnx.memory.tflm_arena == tflite.memory.tflm_arena


@pytest.mark.parametrize("network", NETWORKS)
def test_saved_programs_are_the_same(network: str, tmp_path: Path) -> None:
    model, inputs = networks.build(network)
    graph = mg.from_torch(model, inputs)
    path = tmp_path / "program"  # told by content
    torch.export.save(torch.export.export(model, inputs), path)
    loaded = mg.load(path)
    assert loaded.operators == graph.operators
    assert loaded.inputs == graph.inputs
    assert loaded.outputs == graph.outputs
    assert loaded.source.path == str(path)
    assert loaded.source.nbytes == path.stat().st_size
    for name, tensor in graph.tensors.items():
        other = loaded.tensors[name]
        assert (other.dtype, other.shape, other.kind) == (tensor.dtype, tensor.shape, tensor.kind)
        if tensor.constant is not None and other.constant is not None:
            np.testing.assert_array_equal(other.constant.array(), tensor.constant.array())


@pytest.mark.parametrize("network", ["resnet", "efficientnet", "siamese"])
def test_graph_modules(network: str) -> None:
    """Traced by torch.fx, layers keep their paths and figures stay."""
    model, inputs = networks.build(network)
    graph = mg.from_torch(model, inputs)
    traced = mg.from_torch(torch.fx.symbolic_trace(model), inputs)
    assert kinds(traced) == kinds(graph)
    layers = {n for n in names(graph) if "add" not in n and "mul" not in n and "sub" not in n}
    assert layers <= set(names(traced))
    for precision in (None, "int8"):
        a, b = mg.profile(graph, precision=precision), mg.profile(traced, precision=precision)
        assert (a.macs, a.flash.weights, a.flash.biases) == (
            b.macs,
            b.flash.weights,
            b.flash.biases,
        )
        assert a.memory == b.memory


def test_exported_graph_modules() -> None:
    """What ``ExportedProgram.module()`` gives back forbids train and eval."""
    model, inputs = networks.build("resnet")
    module = torch.export.export(model, inputs).module()
    profile = mg.profile(mg.from_torch(module, inputs))
    assert profile.macs == mg.profile(mg.from_torch(model, inputs)).macs


# ---- names -------------------------------------------------------------------------------------


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.conv(x)) + x


def test_layers_are_named_by_their_paths() -> None:
    model = nn.Sequential(Block(), nn.Sequential(Block(), nn.Flatten()), nn.Linear(64, 2))
    graph = mg.from_torch(model, (torch.zeros(1, 4, 4, 4),))
    assert names(graph) == [
        *("0.conv", "0.act", "0.add", "1.0.conv", "1.0.act", "1.0.add_1", "1.1", "2")
    ]
    assert graph.inputs == ("input",)
    assert graph.operators[0].inputs == ("input", "0.conv.weight", "0.conv.bias")
    assert graph.operators[0].native == "aten::conv2d"
    constants = {name for name, tensor in graph.tensors.items() if tensor.is_constant}
    assert constants == set(model.state_dict())
    assert graph.source.format == "torch"
    assert not graph.source.exact


class Reused(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block = Block()
        self.tail = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.block(self.block(x))
        return self.tail(self.tail(x.mean((2, 3))))


def test_modules_used_twice() -> None:
    graph = mg.from_torch(Reused(), (torch.zeros(1, 4, 4, 4),))
    assert names(graph) == [
        *("block.conv", "block.act", "block.add", "block.conv#2", "block.act#2", "block.add_1"),
        *("mean", "tail", "tail#2"),
    ]
    profile = mg.profile(graph)
    assert profile.macs == 2 * 16 * 9 * 16 + 2 * 16
    assert profile.flash.weights == 4 * (9 * 16 + 16)  # each once
    assert profile.flash.biases == 4 * (4 + 4)


class Tied(nn.Module):
    """A decoder that shares the matrix of the embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 6)
        self.decode = nn.Linear(6, 10, bias=False)
        self.decode.weight = self.embed.weight

    def forward(self, tokens: Tensor) -> Tensor:
        return self.decode(self.embed(tokens))


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("saved", [False, True])
def test_shared_parameters_count_once(device: str, saved: bool, tmp_path: Path) -> None:
    model, tokens = Tied().to(device), torch.zeros(1, 5, dtype=torch.int64, device=device)
    if device == "meta":
        model.decode.weight = model.embed.weight
    graph = mg.from_torch(model, (tokens,))
    if saved and device == "cpu":
        torch.export.save(torch.export.export(model, (tokens,)), tmp_path / "m.pt2")
        graph = mg.load(tmp_path / "m.pt2")
    profile = mg.profile(graph)
    assert profile.flash.weights == 10 * 6 * 4
    assert profile.macs == 5 * 6 * 10
    assert names(graph) == ["embed", "decode"]


class FunctionalTied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 6)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.embed(tokens) @ self.embed.weight.t()


def test_a_transposed_parameter_is_a_dense_layer() -> None:
    tokens = torch.zeros(1, 5, dtype=torch.int64)
    graph = mg.from_torch(FunctionalTied(), (tokens,))
    assert kinds(graph) == ["gather", "dense"]
    check_rules(graph)
    profile = mg.profile(graph)
    assert profile.macs == 5 * 6 * 10
    assert profile.flash.weights == 10 * 6 * 4


def test_functional_models() -> None:
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.zeros(8, 3, 3, 3))
            self.register_buffer("scale", torch.ones(8, 1, 1))

        def forward(self, image: Tensor) -> Tensor:
            return F.relu(F.conv2d(image, self.w, padding=1)) * self.scale

    graph = mg.from_torch(Functional(), (torch.zeros(1, 3, 5, 5),))
    assert names(graph) == ["conv2d", "relu", "mul"]
    assert graph.operators[0].inputs == ("image", "w")
    assert graph.operators[2].inputs == ("relu", "scale")
    profile = mg.profile(graph, precision="int8")
    assert (profile.macs, profile.flash.weights) == (25 * 27 * 8, 27 * 8 + 8)


def test_weights_called_by_a_parent_name_their_layer() -> None:
    class Parent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 6)

        def forward(self, x: Tensor) -> Tensor:
            return F.linear(x, self.layer.weight, self.layer.bias)

    assert names(mg.from_torch(Parent(), (torch.zeros(1, 4),))) == ["layer"]


# ---- inputs and outputs ------------------------------------------------------------------------


class Many(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 3), nn.Linear(5, 3)

    def forward(
        self, x: Tensor, pair: dict[str, Any], *, scale: float = 1.0, extra: Tensor | None = None
    ) -> Any:
        y = self.a(x) + self.b(pair["left"]) + pair["more"][0]
        if extra is not None:
            y = y + extra
        return {"sum": y * scale, "parts": [y, (y.relu(), None)]}, x


def test_nested_inputs_outputs_and_keywords() -> None:
    inputs = (torch.zeros(2, 4), {"left": torch.zeros(2, 5), "more": [torch.zeros(3)]})
    graph = mg.from_torch(Many(), inputs, {"scale": 2.0, "extra": torch.zeros(2, 3)})
    assert graph.inputs == ("x", "pair_left", "pair_more_0", "extra")
    assert [graph.tensors[name].shape for name in graph.inputs] == [(2, 4), (2, 5), (3,), (2, 3)]
    assert graph.outputs == ("mul", "add_2", "relu", "x")
    without = mg.from_torch(Many(), inputs)
    assert without.inputs == ("x", "pair_left", "pair_more_0")
    profile = mg.profile(graph)
    assert profile.macs == 2 * 3 * (4 + 5)


def test_one_tensor_stands_for_a_tuple() -> None:
    x = torch.zeros(1, 4)
    assert str(mg.from_torch(nn.Linear(4, 2), x)) == str(mg.from_torch(nn.Linear(4, 2), (x,)))


def test_what_no_output_needs_is_left_out() -> None:
    class Dead(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.dead = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            self.dead(x)
            return self.used(x)

    graph = mg.from_torch(Dead(), (torch.zeros(1, 4),))
    assert names(graph) == ["used"]
    assert mg.profile(graph).flash.weights == 64


# ---- the model stays as it is ------------------------------------------------------------------


class Moody(nn.Module):
    """A model that watches what is done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.5)
        self.rnn = nn.LSTM(4, 4)
        self.calls = 0

    def train(self, mode: bool = True) -> "Moody":
        self.calls += 1
        return super().train(mode)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] != 3:
            raise ValueError("three channels, please")
        y = self.drop(self.norm(self.conv(x)))
        return self.rnn(y.mean((2, 3)))[0]


@pytest.mark.parametrize("fails", [False, True])
def test_the_model_comes_back_untouched(fails: bool) -> None:
    model = Moody()
    model.norm.eval()  # a mixture of modes
    hook = model.conv.register_forward_hook(lambda *_: None)
    model.conv.weight.grad = torch.ones_like(model.conv.weight)
    model.rnn.requires_grad_(False)
    modes = {name: module.training for name, module in model.named_modules()}
    state = {name: (id(v), v._version, v.clone()) for name, v in model.state_dict().items()}
    parameters = {name: (id(p), p.requires_grad) for name, p in model.named_parameters()}
    flat = [id(weight) for weight in model.rnn._flat_weights]
    hooks, calls, seed = dict(model.conv._forward_hooks), model.calls, torch.get_rng_state()
    fast = torch.backends.mha.get_fastpath_enabled()
    if fails:
        with pytest.raises(mg.FormatError, match="three channels, please"):
            mg.from_torch(model, (torch.zeros(1, 2, 8, 8),))
    else:
        graph = mg.from_torch(model, (torch.zeros(1, 3, 8, 8),))
        assert kinds(graph)[:4] == ["conv2d", "batch_norm", "dropout", "reduce_mean"]
        assert "lstm" in kinds(graph)
        assert mg.profile(graph).complete
    assert {name: module.training for name, module in model.named_modules()} == modes
    assert {name: (id(p), p.requires_grad) for name, p in model.named_parameters()} == parameters
    for name, value in model.state_dict().items():
        assert value._version == state[name][1]
        assert torch.equal(value, state[name][2])
    assert [id(weight) for weight in model.rnn._flat_weights] == flat
    assert model.conv._forward_hooks == hooks
    assert model.conv.weight.grad is not None
    assert model.calls == calls
    assert torch.equal(torch.get_rng_state(), seed)
    assert torch.backends.mha.get_fastpath_enabled() is fast
    hook.remove()


def test_weights_are_read_when_they_are_asked_for() -> None:
    model = nn.Linear(2, 2)
    graph = mg.from_torch(model, (torch.zeros(1, 2),))
    constant = graph.tensors["weight"].constant
    assert constant is not None
    with torch.no_grad():
        model.weight.fill_(3)
    np.testing.assert_array_equal(constant.array(), np.full((2, 2), 3, np.float32))


def test_models_without_memory() -> None:
    """On the meta device the figures are those of the real model, and only values are missing."""
    real = mg.profile(mg.from_torch(Moody(), (torch.zeros(1, 3, 8, 8),)))
    with torch.device("meta"):
        graph = mg.from_torch(Moody(), (torch.zeros(1, 3, 8, 8),))
    assert mg.profile(graph).to_dict() == real.to_dict()
    constant = graph.tensors["conv.weight"].constant
    assert constant is not None
    with pytest.raises(mg.FormatError, match="meta device"):
        constant.array()


# ---- side effects ------------------------------------------------------------------------------


@pytest.mark.parametrize("devices", [("meta", "cpu"), ("cpu", "meta")])
def test_examples_say_shapes_wherever_they_lie(devices: tuple[str, str]) -> None:
    module, example = devices
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 2))
    expected = mg.profile(mg.from_torch(model, torch.zeros(1, 1, 8, 8)))
    graph = mg.from_torch(model.to(module), torch.zeros(1, 1, 8, 8, device=example))
    assert mg.profile(graph).memory == expected.memory


def test_writing_into_a_view() -> None:
    class Writes(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            y = x * 2
            y[:, 0] = 1
            return y + 1

    graph = mg.from_torch(Writes(), (torch.zeros(2, 3),))
    assert "scatter" in kinds(graph)
    add = graph.operators[-1]
    assert next(op for op in graph.operators if add.inputs[0] in op.outputs).op.kind == "scatter"


def test_buffers_that_change_are_state() -> None:
    class Counts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("total", torch.zeros(4))

        def forward(self, x: Tensor) -> Tensor:
            self.total.add_(x.sum(0))
            return x - self.total

    graph = mg.from_torch(Counts(), (torch.zeros(2, 4),))
    assert graph.tensors["total"].kind is Kind.STATE
    assert kinds(graph) == ["reduce_sum", "add", "sub", "assign_variable"]
    profile = mg.profile(graph)
    assert profile.memory.state == 16
    assert profile.flash.weights == 0


def test_gradients_switched_off_inside() -> None:
    class Off(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            with torch.no_grad():
                y = self.layer(x)
            return y.relu()

    graph = mg.from_torch(Off(), (torch.zeros(1, 4),))
    assert names(graph) == ["layer", "relu"]


def test_constants_are_computed_apart_from_the_model() -> None:
    class Writes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("table", torch.zeros(4))

        def forward(self, x: Tensor) -> Tensor:
            y = torch.empty(4).fill_(2.0).add_(self.table + 1)
            return x + y.clone().mul_(3) + torch.tensor([1.0, 2.0, 3.0, 4.0]).add_(1)

    model = Writes()
    graph = mg.from_torch(model, (torch.zeros(1, 4),))
    assert kinds(graph) == ["add", "add"]
    first, second = (graph.tensors[op.inputs[1] or ""].constant for op in graph.operators)
    assert first is not None
    assert second is not None
    for _ in range(2):
        np.testing.assert_array_equal(first.array(), [9, 9, 9, 9])
        np.testing.assert_array_equal(second.array(), [2, 3, 4, 5])
    assert torch.equal(model.table, torch.zeros(4))


# ---- errors ------------------------------------------------------------------------------------


def test_control_flow_that_export_rejects() -> None:
    class Branches(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * 2 if x.sum() > 0 else x

    model = Branches().train()
    with pytest.raises(mg.FormatError) as caught:
        mg.from_torch(model, (torch.zeros(2),))
    assert str(caught.value).startswith("Branches: torch.export rejects it: Could not guard on")
    assert "\n" not in str(caught.value)
    assert model.training


@pytest.mark.parametrize("model", [3, "model.pt", torch.zeros(1), nn.Linear])
def test_what_is_no_model(model: Any) -> None:
    with pytest.raises(mg.UsageError, match=r"takes a torch\.nn\.Module, not"):
        mg.from_torch(model, (torch.zeros(1),))


def test_inputs_that_are_no_tuple() -> None:
    with pytest.raises(mg.UsageError, match="tuple"):
        mg.from_torch(nn.Linear(2, 2), {"input": torch.zeros(1, 2)})


def test_archives_that_are_no_programs(tmp_path: Path) -> None:
    model = nn.Linear(2, 2)
    path = tmp_path / "m.pt2"
    torch.save(model.state_dict(), path)
    with pytest.raises(mg.FormatError, match=r"what torch\.save wrote.*torch\.export"):
        mg.load(path)
    torch.jit.save(torch.jit.script(model), path)
    with pytest.raises(mg.FormatError, match="a TorchScript program"):
        mg.load(path)
    torch.export.save(torch.export.export(model, (torch.zeros(1, 2),)), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(mg.FormatError, match="truncated or damaged"):
        mg.load(path)
    cut = whole.replace(b'"graph_module"', b'"graph_modulo"')
    path.write_bytes(cut)
    with pytest.raises(mg.FormatError) as caught:
        mg.load(path)
    assert str(caught.value).count("\n") == 0


# ---- dynamic shapes ----------------------------------------------------------------------------


def test_dynamic_dimensions_are_bound(tmp_path: Path) -> None:
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            n, length, _ = x.shape
            return self.layer(x).view(n, length * 4)

    batch, length = torch.export.Dim("batch", max=64), torch.export.Dim("length", max=64)
    program = torch.export.export(
        Tokens(), (torch.zeros(2, 8, 4),), dynamic_shapes={"x": {0: batch, 1: length}}
    )
    path = tmp_path / "m.pt2"
    torch.export.save(program, path)
    graph = mg.load(path, dims={("x", 1): 20})
    check_rules(graph)
    assert graph.tensors["x"].shape == (1, 20, 4)
    assert graph.tensors[graph.outputs[0]].shape == (1, 80)
    assert graph.assumptions == ("the dynamic batch of 'x' is taken as 1",)
    assert mg.profile(graph).macs == 20 * 16
    with pytest.raises(mg.DimensionError, match="axis 1"):
        mg.load(path)


def test_quantised_programs_are_not_exact() -> None:
    """Float operators between conversions: what a converter makes of them is not known here."""
    importlib.import_module("torch.ao.quantization.fx._decomposed")  # defines the operators
    ops = torch.ops.quantized_decomposed

    class Quantised(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            q = ops.quantize_per_tensor.default(x, 0.1, 0, -128, 127, torch.int8)
            return ops.dequantize_per_tensor.default(q, 0.1, 0, -128, 127, torch.int8).relu()

    graph = mg.from_torch(Quantised(), (torch.zeros(3),))
    check_rules(graph)
    assert kinds(graph) == ["quantize", "dequantize", "relu"]
    assert graph.tensors[graph.operators[0].outputs[0]].dtype is DType.INT8
    profile = mg.profile(graph)
    assert not profile.complete
    assert any("quantised program" in text for text in profile.assumptions)


# ---- operators of a user's own -----------------------------------------------------------------


def test_unknown_operators_are_named() -> None:
    @torch.library.custom_op("mcugraph_test::twice", mutates_args=())
    def twice(x: Tensor) -> Tensor:
        return torch.cat((x, x))

    @twice.register_fake
    def _(x: Tensor) -> Tensor:
        return x.new_empty((2 * x.shape[0], *x.shape[1:]))

    class Custom(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return twice(x).relu()

    graph = mg.from_torch(Custom(), (torch.zeros(3, 4),))
    profile = mg.profile(graph)
    assert not profile.complete
    assert profile.unknown_operators == ("mcugraph_test::twice (twice)",)
    assert profile.memory.peak == 2 * 6 * 4 * 4  # shapes are known all the same


# ---- control flow ------------------------------------------------------------------------------


def test_conditions() -> None:
    """Both branches are subgraphs; the costlier one counts."""

    class Choice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.small, self.large = (
                nn.Linear(4, 4),
                nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 4)),
            )

        def forward(self, x: Tensor) -> Tensor:
            y = torch.cond(x.sum() > 0, lambda x: self.small(x), lambda x: self.large(x), (x,))
            return y * 2

    graph = mg.from_torch(Choice(), (torch.zeros(3, 4),))
    assert kinds(graph) == ["reduce_sum", "greater", "if", "mul"]
    check_rules(graph)
    assert sorted(graph.subgraphs) == ["cond.false", "cond.true"]
    assert kinds(graph.subgraphs["cond.false"]) == ["dense", "dense"]
    profile = mg.profile(graph)
    assert profile.macs == 3 * 64
    assert profile.flash.weights == 4 * (16 + 64 + 2)
    assert any("costlier branch" in text for text in profile.assumptions)


def test_numbers_that_depend_on_data() -> None:
    class Scales(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * x.sum().item()

    graph = mg.from_torch(Scales(), (torch.ones(3),))
    assert kinds(graph) == ["reduce_sum", "mul"]
    assert graph.operators[1].inputs == ("x", "sum_1")
    assert mg.profile(graph).complete


def test_shapes_that_depend_on_data() -> None:
    class Picks(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.nonzero() * 2

    with pytest.raises(
        mg.DimensionError, match=r"Picks: operator 'nonzero' .* depends on the data"
    ):
        mg.from_torch(Picks(), (torch.ones(3),))


def test_what_pytorch_logs_is_heard_before_and_after_an_import_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    of_its_own = logging.getLogger("torch._a_part_of_it")
    of_its_own.setLevel(logging.INFO)

    class Talks(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            for name in ("torch._a_part_of_it", "torch._another_part", "mine"):
                logging.getLogger(name).warning("%s says", name)
            return x + 1

    mg.from_torch(Talks(), (torch.ones(3),))
    assert {record.name for record in caplog.records} == {"mine"}
    assert (of_its_own.level, of_its_own.disabled) == (logging.INFO, False)
    of_its_own.info("it speaks again")
    assert caplog.messages[-1] == "it speaks again"
