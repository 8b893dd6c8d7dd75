"""The search space of µNAS: convolutional blocks in series and in parallel.

Table 1 of "µNAS: Constrained Neural Architecture Search for Microcontrollers" (Liberis, Dudziak
and Lane, EuroMLSys 2021).
"""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import ClassVar, TypeVar

from mcugraph.checks import checked_fraction
from mcugraph.ir import Shape
from mcugraph.nas.builder import NetworkBuilder, Size
from mcugraph.nas.domains import (
    FLAG,
    Choice,
    Domains,
    WholeRange,
    changes,
    put_at,
    resized,
    sampled,
)
from mcugraph.nas.search_space import Morph, SearchSpace, checked_classes, checked_shape
from mcugraph.nas.spaces.heads import say_dense, units_morphs
from mcugraph.records import dataclass, replace

Value = TypeVar("Value")

UNITS = WholeRange(10, 256, (1, 3, 5))
BLOCK: Domains = {"parallel": FLAG}
POOLING: Domains = {
    "pooling": Choice(("average", "max")),
    "window": WholeRange(2, 6, (2,), every=2),
}
_OUTLINED = 8  # channels of the first layer of an outline, before it is scaled
BLOCKS, LAYERS, DENSE = (1, 10), (1, 3), (1, 3)


@dataclass(frozen=True, slots=True)
class ConvLayer:
    """One convolution.

    Attributes:
        depthwise: Each channel by itself; ``channels`` then says nothing.
        kernel: Elements of the window along each axis; less where the data has fewer.
        channels: That it makes.
        stride: By which the window moves; a window of 1 moves by 1.
        pool: Maxima of two elements along each axis are taken before.
        norm: A batch norm follows.
        relu: A ReLU follows, behind the batch norm.
    """

    depthwise: bool
    kernel: int
    channels: int
    stride: int
    pool: bool
    norm: bool
    relu: bool


@dataclass(frozen=True, slots=True)
class ConvBlock:
    """Convolutions one behind the other.

    Attributes:
        parallel: It reads what the last block in series read, and its result is added to that of
            the block before; False: it reads that result. Says nothing of the first block.
        layers: Its convolutions.
    """

    parallel: bool
    layers: tuple[ConvLayer, ...]


@dataclass(frozen=True, slots=True)
class Cnn:
    """A convolutional network.

    Attributes:
        blocks: Its convolutions.
        pooling: ``"average"`` or ``"max"``, of what these make.
        window: Elements of that along each axis; less where the data has fewer.
        units: Of the dense layers before the last.
    """

    blocks: tuple[ConvBlock, ...]
    pooling: str
    window: int
    units: tuple[int, ...]


class CnnSpace(SearchSpace[Cnn]):
    """Table 1 of the µNAS paper, for images.

    Args:
        input_shape: (channels, height, width) of one image.
        classes: How many there are.
        dropout: Rate of the dropout before each dense layer but the last, as the paper has it for
            some data sets (0.15); 0: none.

    The ranges: 1 to 10 blocks of 1 to 3 layers; kernels of 1, 3, 5 or 7; 1 to 128 channels; strides
    of 1 or 2; pooling by 2, 4 or 6; 1 to 3 dense layers of 10 to 256 units before the last.

    Convolutions are not padded. Results of parallel blocks are brought to one size before they are
    added: the larger ones by a maximum over whole windows, what is then smaller by zeros behind.
    The last layer of a parallel block makes as many channels as there are to add to, a depthwise
    one by a 1x1 convolution behind it.
    """

    architecture: ClassVar[type] = Cnn
    layer: ClassVar[Domains] = {
        "depthwise": FLAG,
        "kernel": WholeRange(1, 7, (2,), every=2),
        "channels": WholeRange(1, 128, (1, 3, 5)),
        "stride": WholeRange(1, 2, (1,)),
        "pool": FLAG,
        "norm": FLAG,
        "relu": FLAG,
    }
    axes: ClassVar[int] = 2

    def __init__(self, input_shape: Shape, classes: int, dropout: float = 0.0) -> None:
        self.input_shape = checked_shape(input_shape, self.axes)
        self.classes = checked_classes(classes)
        self.dropout = checked_fraction("dropout", dropout)

    def sample(self, rng: Random) -> Cnn:
        count = rng.randint(*BLOCKS)
        blocks = tuple(self._random_block(rng, rng.randint(*LAYERS)) for _ in range(count))
        units = tuple(UNITS.sample(rng) for _ in range(rng.randint(*DENSE)))
        return Cnn(blocks, units=units, **sampled(POOLING, rng))

    def outline(self, rng: Random) -> Cnn:
        """A chain, plain or depthwise separable, that grows wider, with batch norms and ReLUs."""
        width, growth = float(_OUTLINED), 1 + rng.random()
        separable, kernel = rng.random() < 0.6, rng.choice((3, 3, 5))
        layers = [self._outlined(width, rng.choice((3, 5, 5, 7)), rng.choice((1, 2, 2)))]
        for number in range(rng.randint(1, 5)):
            width, stride = width * growth, rng.choice((1, 1, 2))
            if separable and (number or rng.random() < 0.5):
                layers.append(self._outlined(width, kernel, stride, depthwise=True))
                layers.append(self._outlined(width, 1))
            else:
                layers.append(self._outlined(width, kernel, stride))
        most = LAYERS[1]
        blocks = (layers[i : i + most] for i in range(0, len(layers), most))
        made = (ConvBlock(False, tuple(block)) for block in blocks)
        return Cnn(tuple(made), "average", rng.choice((2, 4, 6, 6)), (UNITS.low,))

    def _outlined(
        self, width: float, kernel: int, stride: int = 1, depthwise: bool = False
    ) -> ConvLayer:
        channels = self.layer["channels"].scaled(1, width)
        return ConvLayer(depthwise, kernel, channels, stride, pool=False, norm=True, relu=True)

    def scaled(self, arch: Cnn, factor: float) -> Cnn:
        scale = self.layer["channels"].scaled
        blocks = []
        for block in arch.blocks:
            layers = [replace(x, channels=scale(x.channels, factor)) for x in block.layers]
            blocks.append(replace(block, layers=tuple(layers)))
        units = tuple([UNITS.scaled(count, factor) for count in arch.units])
        return replace(arch, blocks=tuple(blocks), units=units)

    def morphs(self, arch: Cnn) -> Iterator[Morph[Cnn]]:
        def put_blocks(blocks: tuple[ConvBlock, ...]) -> Cnn:
            return replace(arch, blocks=blocks)

        def block_of_one(rng: Random, at: int) -> ConvBlock:
            return self._random_block(rng, 1)

        yield from resized(arch.blocks, BLOCKS, "block", block_of_one, put_blocks)
        for i, block in enumerate(arch.blocks):

            def put_block(block: ConvBlock, i: int = i) -> Cnn:
                return put_blocks(put_at(arch.blocks, i, block))

            if i:
                yield from changes(block, BLOCK, f"block {i} ", put_block)
            yield from self._layer_morphs(block, i, put_block)
        yield from changes(arch, POOLING, "", lambda changed: changed)
        yield from units_morphs(arch.units, UNITS, DENSE, lambda units: replace(arch, units=units))

    def emit(self, arch: Cnn, builder: NetworkBuilder[Value]) -> None:
        read = builder.input(self.input_shape)
        pending = [read]
        for i, block in enumerate(arch.blocks):
            if block.parallel and i:
                pending.append(self._branch(builder, block, read, builder.shape(pending[0])[0]))
                continue
            value = read = _united(builder, pending)
            for layer in block.layers:
                value = _convolved(builder, value, layer, layer.channels)
            pending = [value]
        value = _united(builder, pending)
        window = _fitting(builder.shape(value)[1:], arch.window)
        value = builder.flatten(builder.pool(value, arch.pooling, window))
        say_dense(builder, value, arch.units, self.classes, self.dropout)

    def _branch(
        self, builder: NetworkBuilder[Value], block: ConvBlock, read: Value, channels: int
    ) -> Value:
        """A parallel block, as many channels as there are to add to."""
        value, last = read, block.layers[-1]
        for layer in block.layers[:-1]:
            value = _convolved(builder, value, layer, layer.channels)
        value = _convolved(builder, value, last, channels)
        return builder.conv(value, channels, 1) if last.depthwise else value

    def _random_layer(self, rng: Random, at: int = 0) -> ConvLayer:
        return ConvLayer(**sampled(self.layer, rng))

    def _random_block(self, rng: Random, layers: int) -> ConvBlock:
        made = tuple(self._random_layer(rng) for _ in range(layers))
        return ConvBlock(**sampled(BLOCK, rng), layers=made)

    def _layer_morphs(
        self, block: ConvBlock, number: int, put: Callable[[ConvBlock], Cnn]
    ) -> Iterator[Morph[Cnn]]:
        """Changes of the layers of one block."""

        def put_layers(layers: tuple[ConvLayer, ...]) -> Cnn:
            return put(replace(block, layers=layers))

        where = f"block {number} "
        yield from resized(block.layers, LAYERS, "layer", self._random_layer, put_layers, where)
        for j, layer in enumerate(block.layers):

            def put_layer(layer: ConvLayer, j: int = j) -> Cnn:
                return put_layers(put_at(block.layers, j, layer))

            # Of a depthwise convolution the channels say nothing.
            but = "channels" if layer.depthwise else ""
            yield from changes(layer, self.layer, f"{where}layer {j} ", put_layer, but)


def _convolved(
    builder: NetworkBuilder[Value], value: Value, layer: ConvLayer, channels: int
) -> Value:
    """One convolution, with what is before and behind it."""
    spatial = builder.shape(value)[1:]
    if layer.pool and max(spatial) > 1:
        value = builder.pool(value, "max", _fitting(spatial, 2))
        spatial = builder.shape(value)[1:]
    kernel = _fitting(spatial, layer.kernel)
    stride = layer.stride if layer.kernel > 1 else 1
    if layer.depthwise:
        return builder.depthwise(value, kernel, stride, norm=layer.norm, relu=layer.relu)
    return builder.conv(value, channels, kernel, stride, norm=layer.norm, relu=layer.relu)


def _fitting(spatial: Sequence[int], window: int) -> Size:
    """A window, no larger than what it is to slide along."""
    if window <= min(spatial):
        return window
    return tuple([min(window, size) for size in spatial])


def _united(builder: NetworkBuilder[Value], values: list[Value]) -> Value:
    """The sum of values of like channels and different sizes."""
    if len(values) == 1:
        return values[0]
    sizes = [builder.shape(value)[1:] for value in values]
    least = [min(lengths) for lengths in zip(*sizes, strict=True)]
    pooled = []
    for value, size in zip(values, sizes, strict=True):
        # Halves are rounded to even numbers, as Python and the paper's code do.
        window = tuple(round(have / low) for have, low in zip(size, least, strict=True))
        pooled.append(builder.pool(value, "max", window) if max(window) > 1 else value)
    sizes = [builder.shape(value)[1:] for value in pooled]
    most = [max(lengths) for lengths in zip(*sizes, strict=True)]
    total, *rest = (builder.grow(value, most) for value in pooled)
    for value in rest:
        total = builder.add(total, value)
    return total
