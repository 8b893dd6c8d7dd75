"""Data sets in memory, as the trainings of the pruning benchmark take them."""

import io
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

Part = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Data:
    """Inputs, normalised, and labels.

    Attributes:
        train, validation, test: Inputs, shape (samples, channels, rows, columns), and labels.
        classes: How many there are.
        varied: Training images are shifted and mirrored.
    """

    train: Part
    validation: Part
    test: Part
    classes: int
    varied: bool = False

    @property
    def example(self) -> Tensor:
        """What one inference takes."""
        return torch.zeros_like(self.train[0][:1])

    @property
    def device(self) -> torch.device:
        """Where the samples lie."""
        return self.train[0].device

    def generator(self, seed: int) -> torch.Generator:
        """Random numbers where the samples lie."""
        return torch.Generator(self.device).manual_seed(seed)

    def batch(self, size: int, generator: torch.Generator) -> Part:
        """Training samples, drawn with replacement."""
        x, y = self.train
        drawn = torch.randint(len(x), (size,), generator=generator, device=x.device)
        inputs = x[drawn]
        return (_varied(inputs, generator) if self.varied else inputs), y[drawn]

    def held(self, size: int, generator: torch.Generator) -> Part:
        """Validation samples, drawn with replacement."""
        x, y = self.validation
        drawn = torch.randint(len(x), (size,), generator=generator, device=x.device)
        return x[drawn], y[drawn]


def fashion(path: Path, device: str) -> Data:
    """Fashion-MNIST, or any grey images of its kind, at half of its resolution: 14 x 14."""
    with np.load(path) as arrays:
        parts = {name: arrays[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    return _data(parts, 10, device, lambda x: F.avg_pool2d(x[:, None], 2))


def speech(path: Path, device: str) -> Data:
    """Log-mel features of spoken commands, 49 x 40, at half of their resolution: 24 x 20."""
    with np.load(path) as arrays:
        parts = {name: arrays[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    return _data(parts, 12, device, lambda x: F.avg_pool2d(x[:, None], 2))


def cifar(path: Path, device: str) -> Data:
    """CIFAR-10, as lossless WebP strips of images; training images are varied."""
    data = _data(_decoded(path), 10, device, lambda x: x.permute(0, 3, 1, 2))
    return replace(data, varied=True)


def _decoded(path: Path) -> dict[str, Any]:
    """The images of a file of strips; they are kept, so that parallel runs decode them once."""
    kept = Path(tempfile.gettempdir()) / f"{path.stem}-{os.getuid()}-images.npz"
    if not kept.exists():
        found = _images(path)
        mine = kept.with_suffix(f".{os.getpid()}.npz")
        np.savez(mine, **found)
        mine.replace(kept)
    with np.load(kept) as arrays:
        return dict(arrays)


def _images(path: Path) -> dict[str, Any]:
    from PIL import Image

    found: dict[str, Any] = {}
    with np.load(path) as arrays:
        for name in ("train", "test"):
            content, ends = arrays[f"webp_{name}"], arrays[f"offsets_{name}"]
            strips = [
                np.asarray(Image.open(io.BytesIO(content[a:b].tobytes())).convert("RGB"))
                for a, b in pairwise(ends.tolist())
            ]
            found[f"x_{name}"] = np.concatenate([s.reshape(-1, 32, 32, 3) for s in strips])
            found[f"y_{name}"] = arrays[f"y_{name}"]
    return found


LOADERS: dict[str, Callable[[Path, str], Data]] = {
    "fashion": fashion,
    "speech": speech,
    "cifar": cifar,
}


def _data(
    parts: dict[str, Any], classes: int, device: str, shape: Callable[[Tensor], Tensor]
) -> Data:
    """A tenth of the training samples, 2048 at most, are held for validation."""
    order = np.random.default_rng(0).permutation(len(parts["x_train"]))
    held = min(2048, len(order) // 10)
    inputs = {name: shape(torch.from_numpy(parts[name]).float()) for name in ("x_train", "x_test")}
    dims = (0, 2, 3)
    mean = inputs["x_train"].mean(dims, keepdim=True)
    deviation = inputs["x_train"].std(dims, keepdim=True)

    def part(name: str, chosen: Any) -> Part:
        x = (inputs[f"x_{name}"][chosen] - mean) / deviation
        y = torch.from_numpy(parts[f"y_{name}"]).long()[chosen]
        return x.to(device).contiguous(memory_format=torch.channels_last), y.to(device)

    return Data(part("train", order[held:]), part("train", order[:held]), part("test", slice(None)),
                classes)  # fmt: skip


def _varied(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image mirrored by chance, and shifted by up to four pixels."""
    count, _, height, width = images.shape
    device = images.device
    drawn = partial(torch.randint, size=(count, 1), generator=generator, device=device)
    columns = torch.arange(width, device=device)
    rows = drawn(9) + torch.arange(height, device=device)
    columns = drawn(9) + torch.where(drawn(2) == 1, columns.flip(0), columns)
    padded = F.pad(images, (4, 4, 4, 4)).permute(0, 2, 3, 1)
    sample = torch.arange(count, device=device)[:, None, None]
    return padded[sample, rows[:, :, None], columns[:, None]].permute(0, 3, 1, 2)
