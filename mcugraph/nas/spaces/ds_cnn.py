"""Depthwise separable networks, as "Hello Edge" (Zhang et al., 2017) has them for key words."""

from collections.abc import Callable, Iterator
from random import Random
from typing import ClassVar, TypeVar

from mcugraph.ir import Shape
from mcugraph.nas.builder import NetworkBuilder
from mcugraph.nas.domains import FLAG, Domains, WholeRange, changes, put_at, resized, sampled
from mcugraph.nas.search_space import Morph, SearchSpace, checked_classes, checked_shape
from mcugraph.records import dataclass, replace

Value = TypeVar("Value")

CHANNELS = WholeRange(4, 256, (1, 4, 16))
KERNEL = WholeRange(3, 11, (2,), every=2)
STEM: Domains = {
    "height": KERNEL,
    "width": KERNEL,
    "channels": CHANNELS,
    "down": WholeRange(1, 4, (1,)),
    "across": WholeRange(1, 4, (1,)),
}
BLOCK: Domains = {
    "kernel": WholeRange(3, 7, (2,), every=2),
    "channels": CHANNELS,
    "stride": WholeRange(1, 2, (1,)),
    "residual": FLAG,
}
BLOCKS = (0, 12)


@dataclass(frozen=True, slots=True)
class Stem:
    """The first convolution.

    Attributes:
        height, width: Of its window.
        channels: That it makes.
        down, across: By which the window moves along each axis.
    """

    height: int
    width: int
    channels: int
    down: int
    across: int


@dataclass(frozen=True, slots=True)
class SeparableBlock:
    """A depthwise convolution and a 1x1 convolution behind it.

    Attributes:
        kernel: Of the depthwise one.
        channels: That the other makes.
        stride: Of the depthwise one.
        residual: What the block reads is added to what it makes, where shapes are alike.
    """

    kernel: int
    channels: int
    stride: int
    residual: bool


Part = TypeVar("Part", Stem, SeparableBlock)


@dataclass(frozen=True, slots=True)
class DsCnn:
    """A first convolution, separable blocks, the average of each channel, a dense layer."""

    stem: Stem
    blocks: tuple[SeparableBlock, ...]


class DsCnnSpace(SearchSpace[DsCnn]):
    """Depthwise separable networks with residuals, padded, for images and spectrograms.

    Args:
        input_shape: (channels, height, width) of one example.
        classes: How many there are.

    Every convolution has a batch norm and a ReLU.
    """

    architecture: ClassVar[type] = DsCnn
    axes: ClassVar[int] = 2

    def __init__(self, input_shape: Shape, classes: int) -> None:
        self.input_shape = checked_shape(input_shape, 2)
        self.classes = checked_classes(classes)

    def sample(self, rng: Random) -> DsCnn:
        blocks = tuple(_block(rng) for _ in range(rng.randint(*BLOCKS)))
        return DsCnn(Stem(**sampled(STEM, rng)), blocks)

    def scaled(self, arch: DsCnn, factor: float) -> DsCnn:
        def wide(part: Part) -> Part:
            return replace(part, channels=CHANNELS.scaled(part.channels, factor))

        return DsCnn(wide(arch.stem), tuple(map(wide, arch.blocks)))

    def morphs(self, arch: DsCnn) -> Iterator[Morph[DsCnn]]:
        def put_blocks(blocks: tuple[SeparableBlock, ...]) -> DsCnn:
            return replace(arch, blocks=blocks)

        def put_block(i: int) -> Callable[[SeparableBlock], DsCnn]:
            return lambda block: put_blocks(put_at(arch.blocks, i, block))

        yield from changes(arch.stem, STEM, "stem ", lambda stem: replace(arch, stem=stem))
        yield from resized(arch.blocks, BLOCKS, "block", _block, put_blocks)
        for i, block in enumerate(arch.blocks):
            yield from changes(block, BLOCK, f"block {i} ", put_block(i))

    def emit(self, arch: DsCnn, builder: NetworkBuilder[Value]) -> None:
        stem = arch.stem
        value = builder.conv(
            builder.input(self.input_shape),
            stem.channels,
            (stem.height, stem.width),
            (stem.down, stem.across),
            same=True,
            norm=True,
            relu=True,
        )
        for block in arch.blocks:
            read = value
            value = builder.depthwise(
                value, block.kernel, block.stride, same=True, norm=True, relu=True
            )
            value = builder.conv(value, block.channels, 1, norm=True, relu=True)
            if block.residual and builder.shape(value) == builder.shape(read):
                value = builder.add(value, read)
        builder.output(builder.dense(builder.global_average(value), self.classes))


def _block(rng: Random, at: int = 0) -> SeparableBlock:
    return SeparableBlock(**sampled(BLOCK, rng))
