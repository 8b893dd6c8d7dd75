"""PyTorch networks whose training the benchmarks of widths compare with."""

import torch
from torch import Tensor, nn


def conv_bn(i: int, o: int, k: int = 1, s: int = 1, g: int = 1, relu: bool = True) -> nn.Sequential:
    layers = [nn.Conv2d(i, o, k, s, k // 2, groups=g, bias=False), nn.BatchNorm2d(o)]
    return nn.Sequential(*layers, *([nn.ReLU6()] if relu else []))


class InvertedResidual(nn.Module):
    def __init__(self, i: int, o: int, stride: int, expansion: int) -> None:
        super().__init__()
        h = i * expansion
        self.body = nn.Sequential(
            *([conv_bn(i, h)] if expansion > 1 else []),
            conv_bn(h, h, 3, stride, h),
            conv_bn(h, o, relu=False),
        )
        self.shortcut = stride == 1 and i == o

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.shortcut else self.body(x)


class MobileNetV2(nn.Module):
    """Sandler et al., arXiv:1801.04381, at width 1."""

    TABLE = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
             (6, 160, 3, 2), (6, 320, 1, 1))  # fmt: skip

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        blocks: list[nn.Module] = [conv_bn(3, 32, 3, 2)]
        i = 32
        for expansion, o, repeats, stride in self.TABLE:
            for n in range(repeats):
                blocks.append(InvertedResidual(i, o, stride if n == 0 else 1, expansion))
                i = o
        self.features = nn.Sequential(*blocks, conv_bn(i, 1280))
        self.fc = nn.Linear(1280, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.features(x).mean((2, 3)))


class Separable(nn.Module):
    """A depthwise separable convolution, applied twice."""

    def __init__(self, c: int, k: int, stride: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReLU(), nn.Conv2d(c, c, k, stride, k // 2, groups=c, bias=False),
            nn.Conv2d(c, c, 1, bias=False), nn.BatchNorm2d(c),
            nn.ReLU(), nn.Conv2d(c, c, k, 1, k // 2, groups=c, bias=False),
            nn.Conv2d(c, c, 1, bias=False), nn.BatchNorm2d(c),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class NasCell(nn.Module):
    """The normal cell of NASNet-A (Zoph et al., arXiv:1707.07012), or one that halves the size."""

    def __init__(self, before: int, i: int, c: int, stride: int, halve: bool) -> None:
        super().__init__()
        self.left = nn.Sequential(nn.ReLU(), conv_bn(before, c, 1, 2 if halve else 1, relu=False))
        self.right = nn.Sequential(nn.ReLU(), conv_bn(i, c, relu=False))
        s = stride
        self.a, self.b = Separable(c, 5, s), Separable(c, 3, s)
        self.c, self.d = Separable(c, 3, s), Separable(c, 5, s)
        self.pool = nn.AvgPool2d(3, s, 1)

    def forward(self, h: Tensor, x: Tensor) -> Tensor:
        h, x = self.left(h), self.right(x)
        parts = [self.a(x) + self.b(h), self.pool(x) + self.pool(h), self.c(h) + self.d(x)]
        if self.pool.stride == 1:
            parts += [self.pool(x) + h, x]
        return torch.cat(parts, 1)


class NasNet(nn.Module):
    """Cells that read the two cells before them."""

    def __init__(self, channels: int = 16, repeats: int = 2, classes: int = 10) -> None:
        super().__init__()
        self.stem, self.cells = conv_bn(3, 3 * channels, 3, relu=False), nn.ModuleList()
        before = i = 3 * channels
        halved = False
        for stage in range(3):
            for n in range(repeats + (stage > 0)):
                stride = 2 if stage and n == 0 else 1
                c = channels * 2**stage
                self.cells.append(NasCell(before, i, c, stride, halved))
                before, i, halved = i, c * (3 if stride == 2 else 5), stride == 2
        self.fc = nn.Linear(i, classes)

    def forward(self, x: Tensor) -> Tensor:
        h = x = self.stem(x)
        for cell in self.cells:
            h, x = x, cell(h, x)
        return self.fc(torch.relu(x).mean((2, 3)))


NETWORKS = {"MobileNet v2": MobileNetV2, "NASNet-like": NasNet}
EXAMPLE = (3, 32, 32)
