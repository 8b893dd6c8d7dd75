"""Networks to prune, whose layers cost unevenly: early ones memory, late ones flash."""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


def conv_bn(i: int, o: int, k: int = 1, s: int = 1, g: int = 1, relu: bool = True) -> nn.Sequential:
    layers = [nn.Conv2d(i, o, k, s, k // 2, groups=g, bias=False), nn.BatchNorm2d(o)]
    return nn.Sequential(*layers, *([nn.ReLU()] if relu else []))


class Classifier(nn.Module):
    """A body, the mean over all places, and a layer to the classes."""

    def __init__(self, body: nn.Sequential, features: int, classes: int) -> None:
        super().__init__()
        self.body = body
        self.fc = nn.Linear(features, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.body(x).mean((2, 3)))


class InvertedResidual(nn.Module):
    """Sandler et al., arXiv:1801.04381."""

    def __init__(self, i: int, o: int, stride: int, expansion: int) -> None:
        super().__init__()
        h = expansion * i
        self.body = nn.Sequential(
            conv_bn(i, h), conv_bn(h, h, 3, stride, h), conv_bn(h, o, relu=False)
        )
        self.shortcut = (i, stride) == (o, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.shortcut else self.body(x)


class Block(nn.Module):
    """A basic residual block, after He et al., arXiv:1512.03385."""

    def __init__(self, i: int, o: int, stride: int) -> None:
        super().__init__()
        self.a = conv_bn(i, o, 3, stride)
        self.b = conv_bn(o, o, 3, relu=False)
        self.shortcut = conv_bn(i, o, s=stride, relu=False) if (i, stride) != (o, 1) else None

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.b(self.a(x)) + (x if self.shortcut is None else self.shortcut(x)))


class Branches(nn.Module):
    """Three branches side by side, in the manner of Szegedy et al., arXiv:1409.4842."""

    def __init__(self, i: int, a: int, b: int, c: int) -> None:
        super().__init__()
        self.a = conv_bn(i, a)
        self.b = nn.Sequential(conv_bn(i, b // 2), conv_bn(b // 2, b, 3))
        self.c = nn.Sequential(conv_bn(i, i, 3, 1, i), conv_bn(i, c))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.a(x), self.b(x), self.c(x)], 1)


def mobilenet(channels: int, classes: int) -> nn.Module:
    """Inverted residuals and a wide head."""
    shapes = ((8, 8, 1, 2), (8, 16, 2, 3), (16, 16, 1, 3), (16, 24, 2, 3))
    blocks = [InvertedResidual(*shape) for shape in shapes]
    return Classifier(nn.Sequential(conv_bn(channels, 8, 3), *blocks, conv_bn(24, 96)), 96, classes)


def resnet(channels: int, classes: int) -> nn.Module:
    """Residual blocks that grow from 8 to 32 channels."""
    shapes = ((8, 8, 1), (8, 16, 2), (16, 16, 1), (16, 32, 2))
    blocks = [Block(*shape) for shape in shapes]
    return Classifier(nn.Sequential(conv_bn(channels, 8, 3), *blocks), 32, classes)


def ds_cnn(channels: int, classes: int) -> nn.Module:
    """Depthwise separable convolutions, after Zhang et al., arXiv:1711.07128, that grow."""
    body, i = [conv_bn(channels, 16, 3)], 16
    for o, stride in ((32, 2), (32, 1), (64, 2), (64, 1)):
        body += [conv_bn(i, i, 3, stride, i), conv_bn(i, o)]
        i = o
    return Classifier(nn.Sequential(*body), i, classes)


def branching(channels: int, classes: int) -> nn.Module:
    """Parts of three branches, joined along channels."""
    body = nn.Sequential(
        conv_bn(channels, 8, 3),
        Branches(8, 4, 8, 4),
        nn.MaxPool2d(2),
        Branches(16, 8, 16, 8),
        nn.MaxPool2d(2),
        Branches(32, 16, 32, 16),
    )
    return Classifier(body, 64, classes)


class Fire(nn.Module):
    """Iandola et al., arXiv:1602.07360: a narrow layer, read by two that are joined."""

    def __init__(self, i: int, narrow: int, wide: int) -> None:
        super().__init__()
        self.squeeze = conv_bn(i, narrow)
        self.points, self.places = conv_bn(narrow, wide), conv_bn(narrow, wide, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze(x)
        return torch.cat([self.points(x), self.places(x)], 1)


def squeezenet(channels: int, classes: int) -> nn.Module:
    """Parts that squeeze and expand, wider ones behind each pooling."""
    body = nn.Sequential(
        conv_bn(channels, 16, 3),
        Fire(16, 8, 12),
        nn.MaxPool2d(2),
        Fire(24, 12, 16),
        Fire(32, 12, 24),
        nn.MaxPool2d(2),
        Fire(48, 16, 32),
    )
    return Classifier(body, 64, classes)


def plain(channels: int, classes: int) -> nn.Module:
    """Convolutions one after the other, as wide again behind each pooling."""
    shapes = ((12, 1), (12, 1), (24, 2), (24, 1), (48, 2))
    body, i = nn.Sequential(), channels
    for o, stride in shapes:
        body.append(conv_bn(i, o, 3, stride))
        i = o
    return Classifier(body, i, classes)


def vgg16(channels: int, classes: int) -> nn.Module:
    """The convolutions of Simonyan and Zisserman, arXiv:1409.1556, with batch norms."""
    body: list[nn.Module] = []
    i = channels
    for o, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            body.append(conv_bn(i, o, 3))
            i = o
        body.append(nn.MaxPool2d(2))
    return Classifier(nn.Sequential(*body), 512, classes)


def resnet18(channels: int, classes: int) -> nn.Module:
    """He et al., arXiv:1512.03385, with the first layer for small images."""
    blocks: list[nn.Module] = []
    i = 64
    for o, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        blocks += [Block(i, o, stride), Block(o, o, 1)]
        i = o
    return Classifier(nn.Sequential(conv_bn(channels, 64, 3), *blocks), 512, classes)


NETWORKS: dict[str, Callable[[int, int], nn.Module]] = {
    "mobilenet": mobilenet,
    "resnet": resnet,
    "ds_cnn": ds_cnn,
    "branching": branching,
    "squeezenet": squeezenet,
    "plain": plain,
    "vgg16": vgg16,
    "resnet18": resnet18,
}
