"""Thousands of nearly right inputs: an answer or one line, and nothing else.

``pytest -m slow tests/test_fuzz.py`` tries many more. Each batch is named by its first seed, and a
failure by its own.
"""

import json
import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.mutators import mutated_archive, mutated_bytes, mutated_json, mutated_onnx

import mcugraph as mg
from mcugraph.fit.boards import load_boards
from mcugraph.fit.toml_tables import DATA
from mcugraph.formats.loader import translated
from mcugraph.planning.minimalloc import read_csv, to_csv

BATCH = 50
ROOT = Path(__file__).resolve().parents[1] / "fixtures"
SMALL = 40_000


def _files(kind: str) -> list[bytes]:
    folder = ROOT / ("graphs" if kind == "json" else "models")
    found = sorted(path for path in folder.glob(f"*.{kind}") if path.stat().st_size < SMALL)
    return [path.read_bytes() for path in found]


def _onnx() -> list[bytes]:
    pytest.importorskip("onnx")
    from support.odd_models import ODD

    return [*_files("onnx"), *(make() for make in ODD.values() for _ in range(3))]


def _programs() -> list[bytes]:
    torch = pytest.importorskip("torch")
    import io

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

    buffer = io.BytesIO()
    dynamic = {"x": {0: torch.export.Dim("batch")}}
    program = torch.export.export(Net(), (torch.zeros(2, 4),), dynamic_shapes=dynamic)
    torch.export.save(program, buffer)
    return [buffer.getvalue()]


def _csv() -> list[bytes]:
    plan = mg.plan(mg.load(ROOT / "models" / "siamese.onnx"))
    return [to_csv(plan).encode(), b"id,lower,upper,size\na,0,3,4\nb,1,2,8\n"]


def _boards() -> list[bytes]:
    return [b"[board." + part for part in DATA.read_bytes().split(b"[board.")[1:5]]


def _profile(data: bytes, path: Path) -> None:
    mg.profile(translated(str(path), data))


def _schedule(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    mg.schedule(mg.Problem.from_json(path), method="greedy")


def _plan(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    mg.plan(read_csv(path), time_limit=1)


def _read_boards(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    load_boards(path)


def _as_json(chance: random.Random, data: bytes) -> bytes:
    if chance.random() < 0.3:
        return mutated_bytes(chance, data)
    return json.dumps(mutated_json(chance, json.loads(data))).encode()


Mutator = Callable[[random.Random, bytes], bytes]
# Format -> where it starts from, how it is changed, who reads it, batches in every run.
FORMATS: dict[
    str, tuple[Callable[[], list[bytes]], Mutator, Callable[[bytes, Path], None], int]
] = {
    "tflite": (lambda: _files("tflite"), mutated_bytes, _profile, 2),
    "onnx": (_onnx, mutated_onnx, _profile, 6),
    "pt2": (_programs, mutated_archive, _profile, 1),
    "json": (lambda: _files("json"), _as_json, _schedule, 2),
    "csv": (_csv, mutated_bytes, _plan, 2),
    "toml": (_boards, mutated_bytes, _read_boards, 2),
}


@pytest.fixture(scope="module")
def sources() -> Callable[[str], list[bytes]]:
    made: dict[str, list[bytes]] = {}

    def source(kind: str) -> list[bytes]:
        if kind not in made:
            made[kind] = FORMATS[kind][0]()
        return made[kind]

    return source


def _try(kind: str, first: int, sources: Callable[[str], list[bytes]], tmp_path: Path) -> None:
    _, mutate, read, _ = FORMATS[kind]
    for seed in range(first, first + BATCH):
        chance = random.Random(seed)
        data = mutate(chance, chance.choice(sources(kind)))
        path = tmp_path / f"mutated.{kind}"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                read(data, path)
        except mg.InternalError as error:
            pytest.fail(f"{kind}, seed {seed}: {error}")
        except mg.McuGraphError as error:
            if "\n" in str(error):
                pytest.fail(f"{kind}, seed {seed}: more than a line: {error}")
        except Exception as error:
            raise AssertionError(f"{kind}, seed {seed}: {type(error).__name__}") from error


@pytest.mark.parametrize(
    ("kind", "first"),
    [(kind, i * BATCH) for kind, entry in FORMATS.items() for i in range(entry[3])],
)
def test_nearly_right(
    kind: str, first: int, sources: Callable[[str], list[bytes]], tmp_path: Path
) -> None:
    _try(kind, first, sources, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 11000, BATCH))
@pytest.mark.parametrize("kind", FORMATS)
def test_nearly_right_many_times(
    kind: str, first: int, sources: Callable[[str], list[bytes]], tmp_path: Path
) -> None:
    _try(kind, first, sources, tmp_path)
