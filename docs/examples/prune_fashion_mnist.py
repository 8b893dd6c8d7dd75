"""Prune a small network to what a board has while it trains, and export it as int8.

    python prune_fashion_mnist.py                           # drawn stripes, seconds
    python prune_fashion_mnist.py --data fashion_mnist.npz  # the real thing, minutes

The file has x_train, y_train, x_test and y_test: images of 28 x 28 and classes 0 to 9, uint8.
"""

import argparse
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

import mcugraph as mg
from mcugraph import cli
from mcugraph.fit.boards import find_board
from mcugraph.prune import Pruner, carry_over
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


@torch.no_grad()
def accuracy(model, x, y):
    """Of a model of floats."""
    model.eval()
    found = torch.cat([model(part).argmax(1) for part in x.split(512)])
    model.train()
    return float((found == y).float().mean())


# The work.


def room(board, model, options):
    """What of a board is left for the network, as budgets of the pruner.

    TFLM's arena has a head, for activations, which is what the budget "arena" is about, and a
    tail. The tail hardly depends on the widths, so that of the whole network is set aside.
    """
    whole = mg.profile(mg.from_torch(model, EXAMPLE), precision="int8")
    sram = board.sram_block - options.reserve_sram - options.margin
    code = options.reserve_flash + 16 * 1024  # of TFLM itself, as `mcugraph check` counts it
    budgets = {
        "arena": sram - whole.memory.tflm_persistent,
        "size": board.flash - code - options.overhead,
    }
    if options.macs:
        budgets["macs"] = options.macs
    for name, left in budgets.items():
        if left < 1:
            raise SystemExit(f"error: {board.name}: nothing is left for the {name} of a network")
    return budgets


def epoch_of(x, y, batch):
    """Batches in a new order."""
    for chosen in torch.randperm(len(x))[: len(x) // batch * batch].split(batch):
        yield x[chosen], y[chosen]


def train(options, board, data):
    """The network that fits, and the pruner that made it."""
    x, y, x_test, y_test = data
    held = len(x) // 12  # for the task loss of the pruner
    x, y, x_held, y_held = x[held:], y[held:], x[:held], y[:held]
    model = Net(options.width)
    budgets = room(board, model, options)
    print(f"{board.name} leaves " + ", ".join(f"{k} {v:,}" for k, v in budgets.items()))
    pruner = Pruner(model, EXAMPLE, budgets, interval=options.interval, seed=options.seed)
    print(f"at the start: {pruner.progress()}")
    batches = len(x) // options.batch
    optimizer = torch.optim.SGD(model.parameters(), 0.1, 0.9, weight_decay=5e-4, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, options.epochs * batches)
    pruning = True

    def task_loss():
        chosen = torch.randint(len(x_held), (options.batch,))
        return F.cross_entropy(model(x_held[chosen]), y_held[chosen])

    for epoch in range(1, options.epochs + 1):
        start, losses = time.perf_counter(), []
        for images, labels in epoch_of(x, y, options.batch):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            if pruning:
                pruner.step(task_loss)
        seconds = time.perf_counter() - start
        print(
            f"epoch {epoch:2}: {seconds:.1f} s, loss {np.mean(losses):.3f}, "
            f"test {accuracy(model, x_test, y_test):.2%}"
        )
        if pruning:
            print(f"  {pruner.progress()}")
        last = epoch == min(options.prune_epochs, options.epochs)
        if pruning and (last or (options.early and pruner.settled())):
            if not pruner.satisfied:
                print("the budgets are not met yet: what is missing goes at once")
                pruner.enforce()
            small = pruner.slim()
            carry_over(optimizer, model, small)  # momentum and learning rate go on
            model, pruning = small, False
            kept = ", ".join(f"{k} {v:,}" for k, v in pruner.resources.items())
            print(f"slimmed after epoch {epoch}: {kept}")
    return model, pruner


def round_on(model, options, data):
    """A few epochs with the rounding of int8, at a low learning rate."""
    from mcugraph.prune import finish_qat, prepare_qat

    x, y, x_test, y_test = data
    prepared = prepare_qat(model, EXAMPLE)
    optimizer = torch.optim.SGD(prepared.parameters(), 1e-3, 0.9)
    for epoch in range(1, options.qat + 1):
        for images, labels in epoch_of(x, y, options.batch):
            optimizer.zero_grad()
            F.cross_entropy(prepared(images), labels).backward()
            optimizer.step()
        model = finish_qat(prepared)
        print(f"rounding, epoch {epoch}: test {accuracy(model, x_test, y_test):.2%} as floats")
    return model


def measured(path, x, y):
    """The accuracy of the exported file, run by LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
    scale, zero = taken["quantization"]
    images = (x.permute(0, 2, 3, 1) / scale + zero).round().clamp(-128, 127).to(torch.int8).numpy()
    right = 0
    for image, label in zip(images, y.tolist(), strict=True):
        interpreter.set_tensor(taken["index"], image[None])
        interpreter.invoke()
        right += int(interpreter.get_tensor(given["index"])[0].argmax() == label)
    return right / len(y)


def arguments():
    """What the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", metavar="NPZ", help="the data set; without it, stripes are drawn")
    add("--board", default="arduino-uno-r4-minima", help="as in `mcugraph boards`")
    add("--reserve-sram", type=parse_size, default="8KiB", help="for all but the arena")
    add("--reserve-flash", type=parse_size, default="64KiB", help="for all but model and TFLM")
    add("--margin", type=parse_size, default="1KiB", help="of SRAM, for what an export adds")
    add("--overhead", type=parse_size, default="16KiB", help="of flash, for the file's structure")
    add("--macs", type=parse_count, help="a budget of multiply-accumulates, like 2M")
    add("--width", type=int, default=16, help="channels of the first stage")
    add("--epochs", type=int, default=8, help="in all")
    add("--prune-epochs", type=int, default=5, help="the pruner's; then the model is slimmed")
    add("--early", action="store_true", help="slim as soon as the masks have settled")
    add("--qat", type=int, default=0, metavar="EPOCHS", help="more epochs, with int8's rounding")
    add("--interval", type=int, help="training steps between updates; 20, or 4 for stripes")
    add("--batch", type=int, default=64)
    add("--seed", type=int, default=0)
    add("--out", default="pruned.tflite", help="the file to write")
    add("--no-export", action="store_true", help="stop before it")
    options = parser.parse_args()
    if options.qat < 0:
        parser.error("--qat: has to be 0 or more")
    if options.interval is None:
        options.interval = 20 if options.data else 4
    for name in ("width", "epochs", "prune_epochs", "interval", "batch"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')}: has to be 1 or more")
    return options


def main():
    """Prune, train, export, check; the exit code is that of `mcugraph check`."""
    options = arguments()
    board = find_board(options.board)
    if not options.no_export and not Path(options.out).resolve().parent.is_dir():
        raise SystemExit(f"error: {options.out}: the folder does not exist")
    if not find_spec("litert_torch") and (options.qat or not options.no_export):
        raise SystemExit("error: litert-torch is not installed: pip install 'mcugraph[export]'")
    torch.manual_seed(options.seed)
    data = read(options.data)
    if len(data[0]) < 2 * options.batch:
        raise SystemExit(f"error: {options.data}: fewer images than two batches")
    model, pruner = train(options, board, data)
    if options.qat:
        model = round_on(model, options, data)
    if options.no_export:
        return 0

    exported = pruner.export_tflite(options.out, data[0][:200].split(20), model=model)
    print(f"\n{exported}")
    print(f"test, as int8: {measured(options.out, *data[2:]):.2%}\n")
    try:
        picture = str(Path(options.out).with_suffix(".png"))
        pruner.history.plot(picture)
        print(f"what happened: {picture}\n")
    except mg.UsageError as error:
        print(f"no picture: {error}\n")
    limits = {
        "--sram": board.sram_block - options.reserve_sram,
        "--flash": board.flash - options.reserve_flash,
        **({"--macs": options.macs} if options.macs else {}),
    }
    given = [str(word) for pair in limits.items() for word in pair]
    return cli.main(["check", options.out, "--board", board.key, *given])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except mg.McuGraphError as error:
        sys.exit(f"error: {error}")
