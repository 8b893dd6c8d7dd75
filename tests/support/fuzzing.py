"""Thousands of nearly right inputs of every format, and what may come of each.

Run by itself it tries many, each under limits, and says what failed by its seed:

    PYTHONPATH=.:tests python -m support.fuzzing FORMAT FIRST COUNT

An input is made of its format and its seed alone, so ``FORMAT SEED 1`` makes it again; ``--keep
FOLDER`` writes those that fail there.
"""

import argparse
import io
import json
import os
import random
import resource
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from mmap import mmap
from pathlib import Path
from typing import Any

import mcugraph as mg
from mcugraph.fit.boards import load_boards
from mcugraph.fit.toml_tables import DATA
from mcugraph.formats.loader import translated
from mcugraph.planning.minimalloc import read_csv, to_csv
from support.flatbuffer_mutator import mutated_tflite
from support.mutators import (
    mutated_archive,
    mutated_bytes,
    mutated_json,
    mutated_numbers,
    mutated_onnx,
)

ROOT = Path(__file__).resolve().parents[2] / "fixtures"
SMALL = 40_000
SECONDS = 10  # of the processor, for one input
MEMORY = 2 << 30  # bytes, over what the process has at first
MOST = 1 << 63  # of any figure


class Nonsense(Exception):
    """An answer that cannot be."""


def _files(kind: str) -> list[bytes]:
    folder = ROOT / ("graphs" if kind == "json" else "models")
    found = sorted(path for path in folder.glob(f"*.{kind}") if path.stat().st_size < SMALL)
    return [path.read_bytes() for path in found]


def _onnx() -> list[bytes]:
    from support.odd_models import ODD

    return [*_files("onnx"), *(make() for make in ODD.values() for _ in range(3))]


def _tflite() -> list[bytes]:
    from support.odd_tflite import odd_files

    return [*_files("tflite"), *odd_files()]


def _programs() -> list[bytes]:
    import torch

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(4, 4)
            self.register_buffer("seen", torch.zeros(4))

        def forward(self, x: Any) -> Any:
            y = self.layer(x)
            self.seen.add_(y.sum(0))
            y = torch.cond(y.sum() > 0, lambda a: a + 1, lambda a: a * 2, (y,))
            return torch.cat([y, y.new_zeros(x.shape[0], 3)], 1) + torch.arange(7).sum()

    class Images(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 4, 3, padding=1, stride=2)

        def forward(self, x: Any) -> Any:
            y = torch.nn.functional.max_pool2d(self.conv(x), 2)
            return torch.nn.functional.avg_pool2d(y.repeat(1, 2, 1, 1), 2).flatten(1)

    found = []
    batch = {"x": {0: torch.export.Dim("batch")}}
    for net, shape, dynamic in ((Net(), (2, 4), batch), (Images(), (1, 3, 8, 8), None)):
        program = torch.export.export(net.eval(), (torch.zeros(shape),), dynamic_shapes=dynamic)
        buffer = io.BytesIO()
        torch.export.save(program, buffer)
        found.append(buffer.getvalue())
    return found


def _csv() -> list[bytes]:
    plan = mg.plan(mg.load(ROOT / "models" / "siamese.onnx"))
    return [to_csv(plan).encode(), b"id,lower,upper,size\na,0,3,4\nb,1,2,8\n"]


def _boards() -> list[bytes]:
    return [b"[board." + part for part in DATA.read_bytes().split(b"[board.")[1:5]]


def _profile(data: bytes, path: Path) -> None:
    graph = translated(str(path), data)
    profile = mg.profile(graph)
    _check_figures(profile.to_dict())
    memory, flash = profile.memory, profile.flash
    bounds = (memory.operator_bound, memory.cut_bound, memory.peak, memory.file_order_peak)
    if list(bounds) != sorted(bounds):
        raise Nonsense(f"bounds, peak and peak of the file's order are {bounds}")
    if flash.other is not None:
        parts = (flash.weights, flash.biases, flash.quantization, flash.other)
        if sum(parts) != flash.file:
            raise Nonsense(f"the parts of flash, {parts}, are not {flash.file}")
    if len(data) % 4 == 0:  # the same network once more takes as long again
        problem = mg.Problem.from_graph(graph)
        most = sum(problem.sizes) + max(problem.scratch, default=0)
        if memory.peak > most:
            raise Nonsense(f"a peak of {memory.peak}, and {most} bytes in all")
    macs = [layer.macs for layer in profile.layers]
    counted = sum(count for count in macs if count is not None)
    if counted > profile.macs or (None not in macs and counted < profile.macs):
        raise Nonsense(f"layers of {counted} MACs, and {profile.macs} in all")


def _check_figures(found: Any) -> None:
    """No figure is negative, or more than anybody counts."""
    pending = [("", found)]
    while pending:
        where, value = pending.pop()
        if isinstance(value, dict):
            pending += [(f"{where}.{key}", part) for key, part in value.items()]
        elif isinstance(value, list | tuple):
            pending += [(where, part) for part in value]
        elif isinstance(value, int | float) and not 0 <= value < MOST:
            raise Nonsense(f"{where} is {value}")


def _schedule(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    problem = mg.Problem.from_json(path)
    found = mg.schedule(problem, method="greedy")
    most = sum(problem.sizes) + max(problem.scratch, default=0)
    if not 0 <= found.lower_bound <= found.peak <= most:
        raise Nonsense(f"a peak of {found.peak} for {most} bytes in all")
    if sorted(map(str, found.order)) != sorted(map(str, problem.operators)):
        raise Nonsense("an order that does not hold every operator once")


def _plan(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    problem = read_csv(path)
    found = mg.plan(problem, time_limit=1)
    if found.arena < max((block.size for block in problem.blocks), default=0):
        raise Nonsense(f"an arena of {found.arena}")


def _read_boards(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    for board in load_boards(path):
        if min(board.sram, board.flash) < 0:
            raise Nonsense(f"a board of {board.sram} and {board.flash} bytes")


def _as_json(chance: random.Random, data: bytes) -> bytes:
    if chance.random() < 0.3:
        return mutated_bytes(chance, data)
    return json.dumps(mutated_json(chance, json.loads(data))).encode()


def _as_tflite(chance: random.Random, data: bytes) -> bytes:
    return mutated_bytes(chance, data) if chance.random() < 0.2 else mutated_tflite(chance, data)


def _as_text(chance: random.Random, data: bytes) -> bytes:
    return mutated_bytes(chance, data) if chance.random() < 0.4 else mutated_numbers(chance, data)


Mutator = Callable[[random.Random, bytes], bytes]
# Format -> where it starts from, how it is changed, who reads it.
FORMATS: dict[str, tuple[Callable[[], list[bytes]], Mutator, Callable[[bytes, Path], None]]] = {
    "tflite": (_tflite, _as_tflite, _profile),
    "onnx": (_onnx, mutated_onnx, _profile),
    "pt2": (_programs, mutated_archive, _profile),
    "json": (lambda: _files("json"), _as_json, _schedule),
    "csv": (_csv, _as_text, _plan),
    "toml": (_boards, _as_text, _read_boards),
}


@cache
def sources(kind: str) -> list[bytes]:
    """What the inputs of a format are made of."""
    return FORMATS[kind][0]()


def made(kind: str, seed: int) -> bytes:
    """The input of this format and seed."""
    chance = random.Random(seed)
    return FORMATS[kind][1](chance, chance.choice(sources(kind)))


def fault(kind: str, seed: int, folder: Path) -> str | None:
    """What is wrong with how the library takes an input; None: an answer that can be, or a line."""
    data, path = made(kind, seed), folder / f"mutated.{kind}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            FORMATS[kind][2](data, path)
    except mg.InternalError as error:
        return str(error)
    except mg.McuGraphError as error:
        said = str(error)
        if "\n" in said:
            return f"more than a line: {said}"
        return None if path.name in said else f"names no file: {said}"
    except Nonsense as error:
        return f"nonsense: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _worker(kind: str, seeds: range, at: mmap, folder: Path) -> None:
    """Try the seeds in this process, saying in ``at`` which one it is at; limits end it."""
    held = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY, held + MEMORY))
    for seed in seeds:
        at[:8] = seed.to_bytes(8, "little")
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        found = fault(kind, seed, folder)
        if found is not None:
            print(f"{kind} {seed}: {' '.join(found.split())[:300]}", flush=True)


def failures(kind: str, first: int, count: int, folder: Path) -> Iterator[tuple[int, str]]:
    """Try the inputs of some seeds; those that ended the process that read them, and how."""
    sources(kind)
    at = mmap(-1, 8)
    while count > 0:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                _worker(kind, range(first, first + min(count, 1000)), at, folder)
                code = 0
            finally:
                os._exit(code)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        reached = int.from_bytes(at[:8], "little") + 1
        if status:
            yield reached - 1, "too long" if status == -signal.SIGPROF else f"ended by {status}"
        else:
            reached = first + min(count, 1000)
        count -= reached - first
        first = reached


def main() -> int:
    parser = argparse.ArgumentParser(description="Read nearly right inputs, under limits.")
    parser.add_argument("format", choices=FORMATS)
    parser.add_argument("first", type=int, help="seed of the first input")
    parser.add_argument("count", type=int, help="how many inputs")
    parser.add_argument("--keep", type=Path, help="write the input of each seed to this folder")
    given = parser.parse_args()
    if given.keep is not None:
        for seed in range(given.first, given.first + given.count):
            (given.keep / f"{seed}.{given.format}").write_bytes(made(given.format, seed))
    ended = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed, how in failures(given.format, given.first, given.count, Path(folder)):
            ended += 1
            print(f"{given.format} {seed}: {how}", flush=True)
    print(f"{given.format}: {given.count:,} inputs from seed {given.first} on, {ended} ended it")
    return int(ended > 0)


if __name__ == "__main__":
    sys.exit(main())
