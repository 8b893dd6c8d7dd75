"""Prune a small network to what a board has while it trains, and export it as int8.

    python prune_fashion_mnist.py                           # drawn stripes, seconds
    python prune_fashion_mnist.py --data fashion_mnist.npz  # the real thing, minutes

The file has x_train, y_train, x_test and y_test: images of 28 x 28 and classes 0 to 9, uint8.
"""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from torch import nn

import mcugraph as mg
from mcugraph import cli
from mcugraph.fit.boards import find_board
from mcugraph.prune import to_budget
from mcugraph.units import parse_count, parse_size

EXAMPLE = torch.zeros(1, 1, 28, 28)  # what one inference takes
SHAPES = {"x_train": (28, 28), "y_train": (), "x_test": (28, 28), "y_test": ()}

# The model.


def conv(channels, filters):
    """A convolution that keeps the size of the image, with its batch norm and ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()
    )


class Block(nn.Module):
    """Two convolutions and a shortcut around them."""

    def __init__(self, width):
        super().__init__()
        self.first, self.second = conv(width, width), conv(width, width)

    def forward(self, x):  # noqa: D102
        return x + self.second(self.first(x))


class Net(nn.Module):
    """A residual network in three stages of 28, 14 and 7 pixels."""

    def __init__(self, width):
        super().__init__()
        self.features = nn.Sequential(
            *(conv(1, width), Block(width)),
            *(nn.MaxPool2d(2), conv(width, 2 * width), Block(2 * width)),
            *(nn.MaxPool2d(2), conv(2 * width, 4 * width), Block(4 * width)),
        )
        self.head = nn.Linear(4 * width, 10)

    def forward(self, x):  # noqa: D102
        return self.head(self.features(x).mean((2, 3)))


# The data.


def stripes(count, seed):
    """Noisy images in ten classes: one or two stripes, in five directions."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 10, count)
    rows, columns = np.mgrid[:28, :28] - 13.5
    angles = (labels % 5 * np.pi / 5)[:, None, None]
    across = rows * np.cos(angles) + columns * np.sin(angles)
    across += random.uniform(-2, 2, (count, 1, 1))
    two = (labels >= 5)[:, None, None]
    stripe = np.where(two, np.abs(np.abs(across) - 6), np.abs(across)) < 2
    images = 90 * stripe + random.normal(60, 80, (count, 28, 28))
    return images.clip(0, 255).astype(np.uint8), labels.astype(np.uint8)


def read(path):
    """Training and test data as tensors; without a path, drawn ones."""
    if path is None:
        arrays = dict(zip(SHAPES, (*stripes(1920, 0), *stripes(500, 1)), strict=True))
    else:
        try:
            with np.load(path) as file:
                arrays = {name: file[name] for name in SHAPES}
        except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile) as error:
            said = getattr(error, "strerror", None) or f"no .npz file with {', '.join(SHAPES)}"
            raise SystemExit(f"error: {path}: {said}") from None
    for name, shape in SHAPES.items():
        found = arrays[name]
        if found.dtype != np.uint8 or found.shape[1:] != shape or not found.size:
            raise SystemExit(f"error: {path}: {name} is {found.dtype} of shape {found.shape}")
    x, y, x_test, y_test = (torch.from_numpy(arrays[name]) for name in SHAPES)
    if len(x) != len(y) or len(x_test) != len(y_test) or max(y.max(), y_test.max()) > 9:
        raise SystemExit(f"error: {path}: one class from 0 to 9 for each image is needed")
    return normal(x), y.long(), normal(x_test), y_test.long()


def normal(images):
    """Images of bytes as the network takes them: mean about 0, deviation about 1."""
    return (images[:, None].float() - 73) / 90


def loader(x, y, batch, shuffle=False):
    """Batches of images and their classes."""
    data = torch.utils.data.TensorDataset(x, y)
    return torch.utils.data.DataLoader(data, batch, shuffle=shuffle, drop_last=shuffle)


# The work.


def pruned(options, data):
    """The network that fits, its file, and how it came to be."""
    x, y, x_test, y_test = data
    held = len(x) // 12  # for the pruner, and to look at epochs
    return to_budget(
        Net(options.width),
        EXAMPLE,
        board=options.board,
        reserve_sram=options.reserve_sram,
        reserve_flash=options.reserve_flash,
        budgets={"macs": options.macs} if options.macs else None,
        train=loader(x[held:], y[held:], options.batch, shuffle=True),
        validate=loader(x[:held], y[:held], options.batch),
        test=loader(x_test, y_test, 500),
        epochs=options.epochs,
        trained=None if options.prune_epochs is None else True,
        prune_epochs=options.prune_epochs,
        qat_epochs=options.qat,
        optimizer="sgd",
        learning_rate=0.1,
        path=None if options.no_export else options.out,
        seed=options.seed,
    )


def arguments():
    """What the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", metavar="NPZ", help="the data set; without it, stripes are drawn")
    add("--images", type=int, help="of those to train on, the first so many; all")
    add("--board", default="arduino-uno-r4-minima", help="as in `mcugraph boards`")
    add("--reserve-sram", type=parse_size, default="8KiB", help="for all but the arena")
    add("--reserve-flash", type=parse_size, default="64KiB", help="for all but model and TFLM")
    add("--macs", type=parse_count, help="a budget of multiply-accumulates, like 2M")
    add("--width", type=int, default=16, help="channels of the first stage")
    add("--epochs", type=int, default=8, help="in all")
    add("--prune-epochs", type=float, help="train so many first, pruning; else cut it new")
    add("--qat", type=int, default=0, metavar="EPOCHS", help="more epochs, with int8's rounding")
    add("--batch", type=int, default=64)
    add("--seed", type=int, default=0)
    add("--out", default="pruned.tflite", help="the file to write")
    add("--no-export", action="store_true", help="stop before it")
    options = parser.parse_args()
    if options.qat < 0:
        parser.error("--qat: has to be 0 or more")
    for name in ("width", "epochs", "batch"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')}: has to be 1 or more")
    return options


def main():
    """Prune, train, export, check; the exit code is that of `mcugraph check`."""
    options = arguments()
    board = find_board(options.board)
    if not find_spec("litert_torch") and (options.qat or not options.no_export):
        raise SystemExit("error: litert-torch is not installed: pip install 'mcugraph[export]'")
    torch.manual_seed(options.seed)
    x, y, *test = read(options.data)
    data = (x[: options.images], y[: options.images], *test)
    if len(data[0]) < 2 * options.batch:
        raise SystemExit(f"error: {options.data}: fewer images than two batches")
    result = pruned(options, data)
    print(f"\n{result}\n")
    if result.exported is None:
        return 0
    if len(result.history):
        try:
            picture = str(Path(options.out).with_suffix(".png"))
            result.history.plot(picture)
            print(f"what happened: {picture}\n")
        except mg.UsageError as error:
            print(f"no picture: {error}\n")
    limits = {
        "--reserve-sram": options.reserve_sram,
        "--reserve-flash": options.reserve_flash,
        **({"--macs": options.macs} if options.macs else {}),
    }
    given = [str(word) for pair in limits.items() for word in pair]
    return cli.main(["check", options.out, "--board", board.key, *given])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except mg.McuGraphError as error:
        sys.exit(f"error: {error}")
