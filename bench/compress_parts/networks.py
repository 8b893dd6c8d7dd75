"""The networks of Table 1 of Deutel et al. (2023), in PyTorch."""

import torch
from torch import nn


class Lenet(nn.Module):
    """LeNet for MNIST, 1.2 M parameters; ``scale``: of the numbers of channels and units."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        a, b, c = (max(1, round(scale * width)) for width in (32, 64, 128))
        self.conv1, self.conv2 = nn.Conv2d(1, a, 3), nn.Conv2d(a, b, 3)
        self.fc1, self.fc2 = nn.Linear(b * 12 * 12, c), nn.Linear(c, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        x = torch.max_pool2d(x, 2).flatten(1)
        return self.fc2(torch.relu(self.fc1(x)))


def _unit(inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class Alexnet(nn.Module):
    """AlexNet for CIFAR-10.

    Table 1 has a first convolution of kernel 2 and stride 2, and 6,400 inputs of the first dense
    layer, 5 x 5 x 256: convolutions without padding (16, 14, 12, 10) and one pool make them.
    """

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        a, b, c, d, e, f = (
            max(1, round(scale * width)) for width in (64, 192, 384, 256, 4096, 4096)
        )
        self.features = nn.Sequential(
            _unit(3, a, 2, 2, 0), _unit(a, b, 3, 1, 0), _unit(b, c, 3, 1, 0), _unit(c, d, 3, 1, 0)
        )
        self.head = nn.Sequential(
            nn.Linear(d * 25, e), nn.ReLU(), nn.Linear(e, f), nn.ReLU(), nn.Linear(f, 10)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.max_pool2d(self.features(x), 2).flatten(1))


class _Residual(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = _unit(inputs, outputs, 3, 1, 0)
        self.second = nn.Sequential(
            nn.Conv2d(outputs, outputs, 3, bias=False), nn.BatchNorm2d(outputs)
        )
        self.shortcut = nn.Sequential(
            nn.Conv2d(inputs, outputs, 5, bias=False), nn.BatchNorm2d(outputs)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.second(self.first(x)) + self.shortcut(x))


class Resnet(nn.Module):
    """ResNet for CIFAR-10, 9.4 M parameters.

    Table 1 has blocks of 64, 128, 256 and 512 filters at stride 1, a pool of 2, and 25,088 inputs
    of the dense layer, 7 x 7 x 512. Convolutions of 3 x 3 without padding, one before the blocks
    and two in each, make maps of 30, 26, 22, 18, 14 and, pooled, 7. What is added to their result
    has to lose as much: a convolution of 5 x 5 does, and so comes to the table's 9.4 M.
    """

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        a, b, c, d = (max(1, round(scale * width)) for width in (64, 128, 256, 512))
        self.stem = _unit(3, a, 3, 1, 0)
        self.blocks = nn.Sequential(
            _Residual(a, a), _Residual(a, b), _Residual(b, c), _Residual(c, d)
        )
        self.head = nn.Linear(d * 49, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.max_pool2d(self.blocks(self.stem(x)), 2).flatten(1))
