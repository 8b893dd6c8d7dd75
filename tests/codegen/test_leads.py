"""How far outputs lie over inputs: as far as each kernel says, and no kernel says too much."""

import subprocess
from pathlib import Path

import pytest
from support.deployed import (
    as_bytes,
    compiled_all_ways,
    needs_compiler,
    outputs,
    random_inputs,
)
from support.float_operators import LAYERS, SIMPLE, Maker
from support.further_operators import FURTHER
from support.int8_operators import OPERATORS
from support.int16_operators import OPERATORS_16

import mcugraph as mg
from mcugraph.codegen.building import WORD, build
from mcugraph.codegen.c_program import Place, Program
from mcugraph.codegen.kernels import kernel_for
from mcugraph.ir import Graph
from mcugraph.records import replace
from mcugraph.tflm.loaded import file_of

pytestmark = needs_compiler
# Whose leads are those of all weights, as if none of them were zero.
CAREFUL = {"sparse_convolution", "sparse_fully_connected"}
SEEDS = range(4)
MAKERS = {name: maker for name, maker in {**OPERATORS, **FURTHER}.items() if name != "placed"}


def leads(graph: Graph) -> dict[int, int]:
    """By which input of the one operator that is read from the arena, and no other operand."""
    file, _ = file_of(graph)
    assert file is not None
    node = file.nodes[0, 0]
    kernel, said = kernel_for(node)
    assert kernel is not None, said
    found = kernel.leads(node)
    tensors = [node.inputs[i] for i in found]
    return {
        i: lead
        for i, lead in found.items()
        if sum(node.inputs[i] is tensor for tensor in tensors) == 1
        and not node.input(i).constant
        and lead < node.outputs[0].nbytes
    }


def overlaid(program: Program, graph: Graph, operand: int, lead: int) -> Program:
    """The program of one operator, its output so many bytes before one of its inputs."""
    file, _ = file_of(graph)
    assert file is not None
    name = file.nodes[0, 0].input(operand).name
    (written,) = program.steps[0].writes
    room = max(value.nbytes for value in program.values) + abs(lead)
    room = -(-room // WORD) * WORD
    values, end = [], 4 * room
    for i, value in enumerate(program.values):
        if i == written:
            value = replace(value, offset=room)
        elif value.name == name:
            value = replace(value, offset=room + lead)
        elif value.place is Place.ARENA:  # apart from all others
            value = replace(value, offset=end)
        values.append(value)
        end = max(end, value.offset + value.nbytes)
    end = -(-end // WORD) * WORD
    step = program.steps[0]
    if step.scratch is not None:
        step = replace(step, scratch=(end, step.scratch[1]))
        end += step.scratch[1]
    return replace(program, values=tuple(values), steps=(step,), arena=end)


def attempt(host: Path, data: bytes, number: int) -> bytes | None:
    """What a program makes that may go wrong; None: the sanitizers end it."""
    done = subprocess.run([host, str(number)], input=data, capture_output=True, check=False)
    return None if done.returncode else done.stdout


@pytest.mark.parametrize("name", MAKERS)
def test_leads_hold_and_are_not_too_careful(name: str, tmp_path: Path) -> None:
    differs = _check([MAKERS[name](seed) for seed in SEEDS], 1, tmp_path)
    assert differs or name in CAREFUL


@pytest.mark.parametrize("name", OPERATORS_16)
def test_leads_of_int16(name: str, tmp_path: Path) -> None:
    assert _check([OPERATORS_16[name](seed) for seed in SEEDS[:2]], 2, tmp_path)


@pytest.mark.oracle("ai_edge_litert")
@pytest.mark.parametrize("maker", LAYERS.values(), ids=LAYERS)
def test_leads_of_layers_of_floats(maker: Maker, tmp_path: Path) -> None:
    assert _check([maker(seed) for seed in SEEDS], 4, tmp_path)


@pytest.mark.oracle("ai_edge_litert")
@pytest.mark.parametrize("name", ["unary", "binary", "reductions"])
def test_leads_of_functions_of_floats(name: str, tmp_path: Path) -> None:
    assert _check([maker(seed) for seed, maker in enumerate(SIMPLE[name][:6])], 4, tmp_path)


def _check(models: list[bytes], element: int, folder: Path) -> int:
    """Leads hold; how many programs make something else where outputs begin an element later."""
    plain, close, closer = [], [], []
    for model in models:
        path = folder / "model.tflite"
        path.write_bytes(model)
        graph = mg.load(path)
        program = build(graph, "tflm", 2.0, overlapping=False)
        for operand, lead in leads(graph).items():
            plain.append(program)
            close.append(overlaid(program, graph, operand, lead))
            closer.append(overlaid(program, graph, operand, lead - element))
    hosts = compiled_all_ways([*plain, *close, *closer], folder)
    assert plain
    differs = 0
    for i, program in enumerate(plain):
        given = as_bytes(random_inputs(program, 4, i))
        for host in hosts.values():
            wanted = outputs(host, given, i)
            assert outputs(host, given, i + len(plain)) == wanted, f"case {i}"
            differs += attempt(host, given, i + 2 * len(plain)) != wanted
    return differs
