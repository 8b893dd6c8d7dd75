"""The twin against TFLM itself: recorded figures of many files, and its wheel on random models."""

import csv
import json
import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.tflm_wheel import as_it_stands, wheel_figures, wheel_loads

import mcugraph as mg
from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.tflm import footprint as tflm
from mcugraph.tflm.loaded import program_of

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"


def rows() -> list[dict[str, str]]:
    """The files of the shared folder for which TFLM's own figures are listed."""
    path = SHARED / "MANIFEST.tsv"
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return [row for row in csv.DictReader(file, delimiter="\t") if row["tflm_head"]]


def device_rows(kernels: str = "") -> list[dict[str, str]]:
    """The files for which figures of TFLM on a Cortex-M4 are listed."""
    path = SHARED / "TFLM32.tsv"
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return [row for row in csv.DictReader(file, delimiter="\t") if row[f"head{kernels}"]]


def footprint(graph: mg.Graph, abi: str = "arm", kernels: str = "reference") -> tflm.TflmFootprint:
    program, notes = program_of(graph, abi, kernels)
    assert program is not None, notes
    return tflm.footprint(program)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["file"])
def test_models_by_other_people(row: dict[str, str]) -> None:
    found = footprint(mg.load(SHARED / row["file"]))
    assert found.arena == int(row["tflm_head"])
    assert found.persistent_host == int(row["tflm_tail"])


@pytest.mark.parametrize("row", device_rows(), ids=lambda row: row["file"])
def test_models_on_a_cortex_m4(row: dict[str, str]) -> None:
    found = footprint(mg.load(SHARED / "tflite" / row["file"]))
    assert (found.arena, found.persistent) == (int(row["head"]), int(row["tail"]))


@pytest.mark.parametrize("row", device_rows("_cmsis_nn"), ids=lambda row: row["file"])
def test_models_on_a_cortex_m4_with_cmsis_nn(row: dict[str, str]) -> None:
    found = footprint(mg.load(SHARED / "tflite" / row["file"]), kernels="cmsis-nn")
    figures = int(row["head_cmsis_nn"]), int(row["tail_cmsis_nn"])
    assert (found.arena, found.persistent) == figures


@pytest.mark.skipif(not SHARED.is_dir(), reason="there are no shared models")
def test_the_tail_that_was_measured_on_an_esp32() -> None:
    found = footprint(mg.load(SHARED / "tflite/tflm_person_detect.tflite"), "int-enums")
    assert found.persistent == 27_004


def test_our_own_models(fixtures: Path, models: Path) -> None:
    recorded = json.loads((fixtures / "tflm_arena.json").read_text())
    for file, figures in recorded.items():
        found = footprint(mg.load(models / file))
        assert (found.arena, found.persistent_host) == (figures["head"], figures["tail"]), file


def test_an_onnx_model_takes_the_arena_of_the_file_it_becomes(models: Path) -> None:
    from mcugraph.rewrite.accounting import counted_forms

    for path in sorted(models.glob("*.onnx")):
        modelled = footprint(counted_forms(mg.load(path), "deployed").runs)
        converted = footprint(mg.load(models / f"{path.stem}_float.tflite"))
        assert modelled.arena == converted.arena, path.stem
        said = mg.profile(path).assumptions
        assert any("the TFLite file that the model becomes" in note for note in said)


def test_a_rewritten_graph_is_no_longer_the_file(models: Path) -> None:
    graph = mg.load(models / "ds_cnn_int8.tflite")
    assert isinstance(graph.source.file, TfliteModel)
    shorter = graph.replace(operators=graph.operators[:-1], outputs=graph.operators[-2].outputs)
    assert shorter.source.file is None
    assert footprint(shorter).arena == footprint(graph).arena


# Models written by hand, for what no converter makes.


@dataclass
class Tensor:
    """Shape and contents of a float32, int32 or bool tensor."""

    shape: Sequence[int]
    data: bytes | None = None
    variable: bool = False
    type: int = 0


@dataclass
class Op:
    """Builtin code, tensors read and written, number of the options' union and its fields."""

    code: int
    inputs: Sequence[int]
    outputs: Sequence[int]
    options: int = 0
    fields: Sequence[int] = ()


Graph = tuple[list[Tensor], list[Op], list[int], list[int]]
IF, LESS, MAXIMUM, MEAN, NEG, WHILE = 118, 58, 55, 40, 59, 119


def write(graphs: list[Graph], offsets: list[int] | None = None) -> bytes:
    """A TFLite file; ``offsets``: the memory plan that it brings along."""
    import flatbuffers

    b: Any = flatbuffers.Builder(1024)
    contents: list[bytes | None] = [None]
    codes = sorted({op.code for _, ops, _, _ in graphs for op in ops})

    def stored(data: bytes | None) -> int:
        if data is None:
            return 0
        contents.append(data)
        return len(contents) - 1

    def numbers(values: Sequence[int]) -> int:
        b.StartVector(4, len(values), 4)
        for value in reversed(values):
            b.PrependInt32(value)
        return int(b.EndVector())

    def table(slots: dict[int, tuple[str, int]], size: int) -> int:
        b.StartObject(size)
        for slot, (kind, value) in slots.items():
            add = "UOffsetTRelative" if kind == "table" else kind
            getattr(b, f"Prepend{add}Slot")(slot, value, 0)
        return int(b.EndObject())

    def tables(values: Sequence[int]) -> tuple[str, int]:
        b.StartVector(4, len(values), 4)
        for value in reversed(values):
            b.PrependUOffsetTRelative(value)
        return "table", int(b.EndVector())

    def raw(data: bytes) -> int:
        return int(b.CreateByteVector(data)) if data else 0

    parts = []
    for tensors, ops, inputs, outputs in graphs:
        made = []
        for tensor in tensors:
            slots = {0: ("table", numbers(tensor.shape)), 1: ("Int8", tensor.type)}
            slots[2] = ("Uint32", stored(tensor.data))
            slots[5] = ("Bool", tensor.variable)
            made.append(table(slots, 6))
        steps = []
        for op in ops:
            slots = {1: ("table", numbers(op.inputs)), 2: ("table", numbers(op.outputs))}
            slots[0] = ("Uint32", codes.index(op.code))
            if op.options:
                # MEAN has a flag, control flow has numbers of subgraphs.
                kind = "Bool" if op.code == MEAN else "Int32"
                fields = {i: (kind, value) for i, value in enumerate(op.fields)}
                slots[4] = ("table", table(fields, len(fields)))
                slots[3] = ("Uint8", op.options)
            steps.append(table(dict(sorted(slots.items())), 5))
        part = {0: tables(made), 1: ("table", numbers(inputs)), 2: ("table", numbers(outputs))}
        part[3] = tables(steps)
        parts.append(table(part, 4))
    metadata = []
    if offsets is not None:
        index = stored(struct.pack(f"<{3 + len(offsets)}i", 1, 0, len(offsets), *offsets))
        name = int(b.CreateString("OfflineMemoryAllocation"))
        metadata.append(table({0: ("table", name), 1: ("Uint32", index)}, 2))
    buffers = [table({0: ("table", raw(d))} if d else {}, 1) for d in contents]
    opcodes = [table({0: ("Int8", c), 2: ("Int32", 1), 3: ("Int32", c)}, 4) for c in codes]
    model = {0: ("Uint32", 3), 1: tables(opcodes), 2: tables(parts), 4: tables(buffers)}
    if metadata:
        model[6] = tables(metadata)
    b.Finish(table(model, 8), b"TFL3")
    return bytes(b.Output())


def floats(*counts: int) -> list[Tensor]:
    return [Tensor((1, count)) for count in counts]


def random_model(seed: int) -> bytes:
    """Operators between tensors of few sizes, so that ties are many; some unused or planned."""
    rng = random.Random(seed)
    tensors = floats(*(rng.choice([1, 3, 4, 8, 8, 12, 32, 32, 64, 100]) for _ in range(24)))
    for tensor in tensors:
        chance = rng.random()
        if chance < 0.1:
            tensor.data = bytes(4 * tensor.shape[1])
        tensor.variable = 0.1 < chance < 0.15
    free = [i for i, t in enumerate(tensors) if t.data is None and not t.variable]
    rng.shuffle(free)
    first = free.pop()
    known = [first, *(i for i, t in enumerate(tensors) if t.data is not None or t.variable)]
    ops: list[Op] = []
    while free and (not ops or rng.random() < 0.95):
        result = free.pop()
        ops.append(Op(MAXIMUM, [rng.choice(known), rng.choice(known[-4:])], [result]))
        known.append(result)
    outputs = sorted({rng.choice(ops).outputs[0] for _ in range(3)})
    offsets = None
    if rng.random() < 0.4:
        offsets = [rng.choice([-1, -1, 16 * rng.randrange(60)]) for _ in tensors]
        offsets = [-1 if t.data else o for t, o in zip(tensors, offsets, strict=True)]
    return write([(tensors, ops, [first], outputs)], offsets)


def control_flow() -> list[bytes]:
    """IF with scratch in a body that is called twice, WHILE, and a subgraph nothing calls."""
    body: Graph = (
        [*floats(8, 1, 8), Tensor((1,), struct.pack("<i", 1), type=2)],
        [Op(MEAN, [0, 3], [1], 27, [1]), Op(MAXIMUM, [0, 1], [2])],
        [0],
        [2],
    )
    flag = Tensor((1,), type=6)
    branches: Graph = (
        [flag, *floats(8, 8, 8, 20)],
        [Op(NEG, [1], [2]), Op(IF, [0, 2], [3], 92, [1, 1])],
        [0, 1],
        [3],
    )
    condition: Graph = ([*floats(8), flag], [Op(LESS, [0, 0], [1])], [0], [1])
    loop: Graph = (
        floats(8, 8, 8),
        [Op(WHILE, [0], [1], 93, [1, 2]), Op(NEG, [1], [2])],
        [0],
        [2],
    )
    alone: Graph = (floats(8, 8), [Op(NEG, [0], [1])], [0], [1])
    # State in a second subgraph, which TFLM looks up in the plan under the first one's numbers.
    state = Tensor((1, 8), variable=True)
    remembers: Graph = ([*floats(8), state, *floats(8)], [Op(MAXIMUM, [0, 1], [2])], [0], [2])
    planned = write([alone, remembers], [0, -1, 64, 128, 96])
    return [
        write([branches, body]),
        write([loop, condition, alone]),
        write([alone, alone]),
        planned,
    ]


@pytest.mark.oracle("tflite_micro", "flatbuffers")
def test_the_wheel_says_the_same(tmp_path: Path) -> None:
    models = [*control_flow(), *(random_model(seed) for seed in range(40))]
    paths = [tmp_path / f"{i}.tflite" for i in range(len(models))]
    for path, data in zip(paths, models, strict=True):
        path.write_bytes(data)
    for path, figures in wheel_figures(paths).items():
        found = tflm.footprint(as_it_stands(path))
        assert (found.arena, found.persistent_host) == figures, path


# Networks of whose files the converter makes just the operators of the deployed form: it adds no
# transposes, no rescaling, and no other form of a batch norm.
SAME_OPERATORS = (
    "autoencoder",
    "branching",
    "ds_cnn",
    "inception",
    "mobilenet_v2",
    "resnet",
    "siamese",
    "tight_arena",
)


@pytest.mark.parametrize("kernels", ["reference", "cmsis-nn"])
def test_a_float_model_takes_the_arena_of_its_int8_file(models: Path, kernels: str) -> None:
    from mcugraph.rewrite.accounting import counted_forms

    for path in sorted(models.glob("*_int8.tflite")):
        actual = footprint(mg.load(path), kernels=kernels)
        name = path.stem.removesuffix("_int8")
        for source in (f"{name}.onnx", f"{name}_float.tflite"):
            graph = counted_forms(mg.load(models / source), "deployed", "int8").runs
            modelled = footprint(graph, kernels=kernels)
            assert modelled.arena == actual.arena, source
            if name in SAME_OPERATORS:
                assert modelled.persistent == actual.persistent, source
                assert modelled.total == actual.total, source


@pytest.mark.oracle("tflite_micro")
def test_the_wheel_loads_with_the_arena_we_say_and_not_with_less(models: Path) -> None:
    paths = [*models.glob("*.tflite"), *(SHARED / row["file"] for row in rows())]
    paths += SHARED.parent.glob("cases/tflite/dense_chain*.tflite")
    totals = {path: footprint(mg.load(path)).total_host for path in paths}
    asked = [(path, size) for path, total in totals.items() for size in (total, total - 257)]
    answers = dict(zip(asked, wheel_loads(asked), strict=True))
    assert [path.name for path, total in totals.items() if not answers[path, total]] == []
    assert [path.name for path, total in totals.items() if answers[path, total - 257]] == []
