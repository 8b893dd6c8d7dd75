"""Builders: what they refuse, and layers that no space here has."""

from collections.abc import Callable
from typing import Any

import pytest

import mcugraph as mg
from mcugraph.nas import GraphBuilder, Meter, ModuleBuilder, NetworkBuilder

MAKERS: list[Callable[[], NetworkBuilder[Any]]] = [Meter, GraphBuilder]

WRONG: dict[str, Callable[[NetworkBuilder[Any], Any], Any]] = {
    "no window fits": lambda b, x: b.conv(x, 4, 9),
    "an even kernel cannot be padded alike": lambda b, x: b.depthwise(x, 2, same=True),
    "no stride": lambda b, x: b.pool(x, "max", 2, 0),
    "no channels": lambda b, x: b.conv(x, 0, 3),
    "no units": lambda b, x: b.dense(b.flatten(x), 0),
    "a dense layer of an image": lambda b, x: b.dense(x, 4),
    "a window of another rank": lambda b, x: b.conv(x, 4, (3,)),
    "a window over units": lambda b, x: b.pool(b.flatten(x), "max", 2),
    "a sum of different shapes": lambda b, x: b.add(x, b.pool(x, "max", 2)),
    "channels of different sizes": lambda b, x: b.concat([x, b.pool(x, "max", 2)]),
    "smaller than it is": lambda b, x: b.grow(x, (2, 2)),
    "grown along too few axes": lambda b, x: b.grow(x, (9,)),
    "an average of units": lambda b, x: b.global_average(b.flatten(x)),
}


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("layer", WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_refused(
    make: Callable[[], NetworkBuilder[Any]], layer: Callable[[NetworkBuilder[Any], Any], Any]
) -> None:
    builder = make()
    with pytest.raises(mg.GraphError):
        layer(builder, builder.input((3, 6, 6)))


@pytest.mark.parametrize("layer", WRONG.values(), ids=WRONG)
def test_the_module_refuses_the_same(layer: Callable[[NetworkBuilder[Any], Any], Any]) -> None:
    pytest.importorskip("torch")
    test_what_does_not_fit_is_refused(ModuleBuilder, layer)


def say_inception(b: NetworkBuilder[Any]) -> None:
    """Branches of several kernels, joined; a window that is longer one way than the other."""
    x = b.conv(b.input((2, 12, 10)), 6, (5, 3), (2, 1), same=True, relu=True)
    left = b.conv(x, 4, 1, relu=True)
    right = b.depthwise(x, 3, same=True, norm=True)
    x = b.concat([left, right, b.grow(b.pool(x, "average", 2, 1), b.shape(x)[1:])])
    x = b.dropout(b.global_average(x), 0.2)
    b.output(b.dense(x, 3))


def test_joined_branches_cost_alike_for_all_builders() -> None:
    torch = pytest.importorskip("torch")
    meter, graph, module = Meter(), GraphBuilder(), ModuleBuilder()
    for builder in (meter, graph, module):
        say_inception(builder)
    of_graph = mg.profile(graph.graph(), precision="int8")
    of_module = mg.profile(
        mg.from_torch(module.module().eval(), (torch.zeros(1, 2, 12, 10),)), precision="int8"
    )
    for p in (of_graph, of_module):
        assert (p.flash.weights + p.flash.biases, p.macs) == (meter.size, meter.macs)
        assert p.memory.operator_bound == meter.operator_bound
        assert p.memory.file_order_peak == meter.peak_as_said
    assert of_graph.memory.peak == of_module.memory.peak >= meter.operator_bound
    assert of_graph.memory.tflm_total == of_module.memory.tflm_total


def say_twice(b: NetworkBuilder[Any]) -> None:
    """Operators that read one value twice, where that decides how much is live."""
    x = b.input((3, 9, 8))
    x = b.add(x, x)
    y = b.concat([x, x, b.grow(x, (9, 8))])
    y = b.add(b.dropout(y, 0.1), y)
    b.output(b.dense(b.global_average(b.conv(y, 2, 3)), 2))


def test_what_is_read_twice_counts_once() -> None:
    meter, graph = Meter(), GraphBuilder()
    say_twice(meter)
    say_twice(graph)
    p = mg.profile(graph.graph(), precision="int8")
    assert meter.operator_bound == p.memory.operator_bound == 6 * 3 * 72
    assert meter.peak_as_said == p.memory.file_order_peak
    assert (p.flash.weights + p.flash.biases, p.macs) == (meter.size, meter.macs)


def say_wide_end(b: NetworkBuilder[Any]) -> None:
    """Maps of one element that nothing reads, so that to flatten them takes an operator."""
    b.output(b.flatten(b.conv(b.input((4, 1, 1)), 30, 1)))


def say_joined_end(b: NetworkBuilder[Any]) -> None:
    x = b.conv(b.input((3, 1)), 10, 1)
    b.output(b.flatten(b.concat([x, x, x])))


def say_read_end(b: NetworkBuilder[Any]) -> None:
    """Here a layer reads them as they are."""
    b.output(b.dense(b.flatten(b.conv(b.input((4, 1, 1)), 30, 1)), 2))


@pytest.mark.parametrize("say", [say_wide_end, say_joined_end, say_read_end])
def test_what_is_flattened_at_the_end_counts(say: Callable[[NetworkBuilder[Any]], None]) -> None:
    meter, graph = Meter(), GraphBuilder()
    say(meter)
    say(graph)
    memory = mg.profile(graph.graph(), precision="int8").memory
    assert (meter.operator_bound, meter.peak_as_said) == (memory.operator_bound, memory.peak)


def test_a_pooling_that_changes_nothing_is_none() -> None:
    """XNNPACK, by which LiteRT runs files, does not even take one."""
    meter, graph = Meter(), GraphBuilder()
    read = graph.input((2, 1, 5))
    assert graph.pool(read, "average", 1) == graph.pool(read, "max", (1, 1), 1) == read
    assert graph.shape(graph.pool(read, "max", (1, 1), (1, 2))) == (2, 1, 3)
    shape = meter.input((2, 1, 5))
    assert meter.pool(shape, "average", 1) is shape
    assert meter.operator_bound == 0


def test_a_layer_that_nothing_reads_is_refused() -> None:
    builder = GraphBuilder("half")
    read = builder.input((1, 4, 4))
    builder.conv(read, 2, 3)
    builder.output(builder.pool(read, "max", 2))
    with pytest.raises(mg.GraphError, match="'half': nothing reads what conv1 makes"):
        builder.graph()


def test_a_network_without_an_end_is_none() -> None:
    builder = GraphBuilder("half")
    builder.input((1, 4, 4))
    with pytest.raises(mg.GraphError, match="'half' has no input or no output"):
        builder.graph()


def test_a_module_without_an_end_is_none() -> None:
    pytest.importorskip("torch")
    with pytest.raises(mg.GraphError, match="no output"):
        ModuleBuilder().module()


def test_there_are_no_layers_for_three_axes() -> None:
    pytest.importorskip("torch")
    builder = ModuleBuilder()
    with pytest.raises(mg.GraphError, match="one or two spatial axes"):
        builder.conv(builder.input((1, 4, 4, 4)), 2, 3)


@pytest.mark.parametrize("spatial", [(13,), (9, 7)])
@pytest.mark.parametrize(("channels", "kernel", "stride"), [(1, 1, 1), (3, 3, 2), (6, 5, 1)])
@pytest.mark.parametrize("count", [1, 7, 24])
def test_depthwise_layers_train_as_pytorchs(
    spatial: tuple[int, ...], channels: int, kernel: int, stride: int, count: int
) -> None:
    """The same outputs, and gradients of data, weights and biases."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    builder = ModuleBuilder()
    x = builder.input((channels, *spatial))
    builder.output(builder.depthwise(x, kernel, stride, same=kernel == 3))
    module = builder.module()
    convolve = torch.nn.functional.conv2d if len(spatial) == 2 else torch.nn.functional.conv1d

    def plain(data: Any) -> Any:
        layer = module.conv1
        return convolve(
            data, layer.weight, layer.bias, layer.stride, layer.padding, groups=channels
        )

    found = []
    for compute in (module, plain):
        data = torch.randn(count, channels, *spatial, generator=torch.Generator().manual_seed(1))
        data.requires_grad_()
        made = compute(data)
        module.zero_grad()
        (made * torch.arange(made.numel()).reshape(made.shape)).sum().backward()
        found.append((made, data.grad, *(p.grad.clone() for p in module.parameters())))
    for mine, wanted in zip(*found, strict=True):
        assert torch.allclose(
            mine, wanted, rtol=1e-4, atol=1e-3 * float(wanted.detach().abs().max())
        )
