"""Builders: what they refuse, and layers that no space here has."""

from collections.abc import Callable
from random import Random
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
    "half a channel": lambda b, x: b.conv(x, 2.5, 3),  # type: ignore[arg-type]
    "half a window": lambda b, x: b.conv(x, 4, 2.5),  # type: ignore[arg-type]
    "half a window along an axis": lambda b, x: b.conv(x, 4, (1, 2.5)),  # type: ignore[arg-type]
    "a pooling of something else": lambda b, x: b.pool(x, "least", 2),
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


def say_flattened_twice(b: NetworkBuilder[Any]) -> None:
    """Units, flattened again, and both read."""
    x = b.flatten(b.conv(b.input((2, 1, 1)), 9, 1))
    y = b.flatten(x)
    b.output(b.flatten(b.add(b.dense(x, 9), b.concat([y]))))


def say_two_heads(b: NetworkBuilder[Any]) -> None:
    """Two dense layers read the same maps of one element, neither with a reshape."""
    x = b.flatten(b.conv(b.input((4, 1, 1)), 8, 1))
    b.output(b.add(b.dense(x, 2), b.dense(x, 2)))


def say_maps_and_units(b: NetworkBuilder[Any]) -> None:
    """Maps of one element, as they are and flattened: live at once."""
    x = b.conv(b.input((2, 1, 1)), 8, 1)
    y = b.concat([b.flatten(x), b.flatten(x)])
    b.output(b.concat([y, b.flatten(b.conv(x, 2, 1)), b.flatten(x)]))


def say_the_same_units_twice(b: NetworkBuilder[Any]) -> None:
    """To flatten the same maps again takes no further operator."""
    x = b.conv(b.input((2, 3, 3)), 4, 2)
    b.output(b.concat([b.add(b.flatten(x), b.flatten(x)), b.flatten(x)]))


@pytest.mark.parametrize(
    "say", [say_flattened_twice, say_two_heads, say_maps_and_units, say_the_same_units_twice]
)
def test_values_that_are_flattened_and_read_again(
    say: Callable[[NetworkBuilder[Any]], None],
) -> None:
    meter, graph = Meter(), GraphBuilder()
    say(meter)
    say(graph)
    memory = mg.profile(graph.graph(), precision="int8").memory
    assert meter.operator_bound == memory.operator_bound
    assert meter.peak_as_said >= memory.peak == meter.peak


@pytest.mark.parametrize("spatial", [(1,), (2,), (5,), (1, 1), (2, 1), (6, 5), (2, 1, 3)], ids=str)
def test_any_network_costs_what_its_graph_does(spatial: tuple[int, ...]) -> None:
    """Random layers of random values, all of which are read in the end."""
    for seed in range(60):
        meter, graph = Meter(), GraphBuilder()
        for builder in (meter, graph):
            say_anything(builder, spatial, Random(seed))
        p = mg.profile(graph.graph(), precision="int8")
        found = (p.flash.weights + p.flash.biases, p.model.parameters, p.macs)
        assert (meter.size, meter.parameters, meter.macs) == found, seed
        assert meter.operator_bound == p.memory.operator_bound, seed
        assert meter.peak_as_said >= p.memory.peak == meter.peak, seed
        assert meter.branches or meter.operator_bound == p.memory.peak, seed


def say_anything(b: NetworkBuilder[Any], spatial: tuple[int, ...], rng: Random) -> None:
    """A random network."""

    def size() -> Any:
        one = rng.random() < 0.4
        return rng.randint(1, 3) if one else tuple(rng.randint(1, 3) for _ in spatial)

    def flags() -> dict[str, bool]:
        return {name: rng.random() < 0.4 for name in ("same", "norm", "relu")}

    layers: list[Callable[[Any], Any]] = [
        lambda x: b.conv(x, rng.randint(1, 6), size(), size(), **flags()),
        lambda x: b.depthwise(x, size(), size(), **flags()),
        lambda x: b.pool(x, rng.choice(("max", "average")), size(), rng.choice((None, size()))),
        lambda x: b.grow(x, [length + rng.randint(0, 2) for length in b.shape(x)[1:]]),
        lambda x: b.dense(x, rng.randint(1, 8), relu=rng.random() < 0.5),
        lambda x: b.add(x, rng.choice([y for y in made if b.shape(y) == b.shape(x)])),
        lambda x: b.concat([x, rng.choice([y for y in made if b.shape(y)[1:] == b.shape(x)[1:]])]),
        lambda x: b.flatten(x),
        lambda x: b.global_average(x),
        lambda x: b.dropout(x, 0.1),
    ]
    made = [b.conv(b.input((rng.randint(1, 4), *spatial)), rng.randint(1, 6), 1)]
    for _ in range(rng.randint(1, 9)):
        try:
            made.append(rng.choice(layers)(rng.choice(made)))
        except mg.GraphError:
            continue
    b.output(b.concat([b.flatten(value) for value in made]))


def test_whole_numbers_of_any_kind_and_lists_say_the_same_network() -> None:
    """Whoever says it first: what was said before is looked up."""
    np = pytest.importorskip("numpy")

    def graph(one: Any, three: Any, window: Any) -> str:
        builder = GraphBuilder()
        x = builder.conv(builder.input((1, 9, 7)), three, three, one, same=True)
        x = builder.depthwise(builder.pool(x, "max", window, one), one, window)
        builder.output(builder.dense(builder.flatten(x), three))
        return str(builder.graph())

    odd = graph(np.int64(1), np.int32(3), [np.int64(2), True])
    assert odd == graph(True, 3, [2, 1]) == graph(1, 3, (2, 1))


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
