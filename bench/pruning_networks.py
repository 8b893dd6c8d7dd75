"""Small networks for images of one channel, to prune."""

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


def conv_bn(i: int, o: int, k: int = 1, s: int = 1, g: int = 1, relu: bool = True) -> nn.Sequential:
    layers = [nn.Conv2d(i, o, k, s, k // 2, groups=g, bias=False), nn.BatchNorm2d(o)]
    return nn.Sequential(*layers, *([nn.ReLU()] if relu else []))


class DSCNN(nn.Module):
    """Depthwise separable convolutions, after Zhang et al., arXiv:1711.07128."""

    def __init__(self, width: int = 64, classes: int = 10) -> None:
        super().__init__()
        body = [conv_bn(1, width, 3, 2)]
        for stride in (1, 2, 1, 1):
            body += [conv_bn(width, width, 3, stride, width), conv_bn(width, width)]
        self.body = nn.Sequential(*body)
        self.fc = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.body(x).mean((2, 3)))


class Block(nn.Module):
    """A residual block that is wider inside, after Zagoruyko and Komodakis, arXiv:1605.07146."""

    def __init__(self, i: int, o: int, stride: int) -> None:
        super().__init__()
        self.a = conv_bn(i, 2 * o, 3, stride)
        self.b = conv_bn(2 * o, o, 3, relu=False)
        self.shortcut = conv_bn(i, o, s=stride, relu=False) if (i, stride) != (o, 1) else None

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.b(self.a(x)) + (x if self.shortcut is None else self.shortcut(x)))


class Residual(nn.Module):
    def __init__(self, width: int = 12, classes: int = 10) -> None:
        super().__init__()
        blocks = [
            Block(width, width, 1),
            Block(width, 2 * width, 2),
            Block(2 * width, 4 * width, 2),
        ]
        self.body = nn.Sequential(conv_bn(1, width, 3, 2), *blocks)
        self.fc = nn.Linear(4 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.body(x).mean((2, 3)))


class InvertedResidual(nn.Module):
    """Sandler et al., arXiv:1801.04381."""

    def __init__(self, i: int, o: int, stride: int) -> None:
        super().__init__()
        h = 4 * i
        self.body = nn.Sequential(
            conv_bn(i, h), conv_bn(h, h, 3, stride, h), conv_bn(h, o, relu=False)
        )
        self.shortcut = (i, stride) == (o, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.shortcut else self.body(x)


class MobileNet(nn.Module):
    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        shapes = ((16, 16, 1), (16, 24, 2), (24, 24, 1), (24, 32, 2), (32, 32, 1))
        blocks = [InvertedResidual(*shape) for shape in shapes]
        self.body = nn.Sequential(conv_bn(1, 16, 3, 2), *blocks, conv_bn(32, 96))
        self.fc = nn.Linear(96, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.body(x).mean((2, 3)))


NETWORKS = {"ds_cnn": DSCNN, "residual": Residual, "mobilenet": MobileNet}
