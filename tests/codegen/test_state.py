"""State that a model keeps from one inference to the next."""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.deployed import COMPILER, check_equal, needs_compiler, program_of, written
from support.microcontrollers import needs_qemu, on_host
from support.tflite_writer import G, Node, T, tflite_bytes

import mcugraph as mg
from mcugraph.codegen.cores import find_target
from mcugraph.codegen.emit.project_files import project_files
from mcugraph.codegen.project import facts

pytestmark = needs_compiler


def running_sum(zero: int, initial: bytes | None = None) -> bytes:
    """What it is given, added to what it gave before; ``initial`` is what that is at first."""

    def tensor(name: str) -> T:
        return T(name, (1, 4), scales=(0.5,), zero_point=zero)

    handle = {0: ("text", ""), 1: ("text", "kept")}
    tensors = [tensor("x"), T("handle", (), "resource"), tensor("before"), tensor("after")]
    nodes = [
        Node("VAR_HANDLE", [], [1], handle, "VarHandleOptions"),
        Node("READ_VARIABLE", [1], [2]),
        Node("ADD", [0, 2], [3], {0: ("i8", 0)}, "AddOptions"),
        Node("ASSIGN_VARIABLE", [1, 3], []),
    ]
    if initial is None:
        return tflite_bytes(G(tensors, nodes, [0], [3]))
    first = T("first", (1, 4), data=initial, scales=(0.5,), zero_point=zero)
    body = [
        Node("VAR_HANDLE", [], [0], handle, "VarHandleOptions"),
        Node("ASSIGN_VARIABLE", [0, 1], []),
    ]
    once = Node("CALL_ONCE", [], [], {0: ("i32", 1)}, "CallOnceOptions")
    return tflite_bytes(
        G(tensors, [once, *nodes], [0], [3]),
        G([T("h", (), "resource"), first], body, [], [], "init"),
    )


MODELS = [running_sum(0), running_sum(-7), running_sum(0, bytes(4)), running_sum(5, bytes([9] * 4))]


@pytest.mark.oracle("tflite_micro")
def test_state_is_kept_as_tflm_keeps_it(tmp_path: Path) -> None:
    check_equal(MODELS, tmp_path, 6)


def added(**second: Any) -> bytes:
    """A sum of two inputs; what else is known of the second one."""
    tensors = [T(name, (1, 4), scales=(0.5,)) for name in ("x", "y", "sum")]
    tensors[1] = replace(tensors[1], **second)
    node = Node("ADD", [0, 1], [2], {0: ("i8", 0)}, "AddOptions")
    return tflite_bytes(G(tensors, [node], [0, 1], [2]))


@pytest.mark.oracle("tflite_micro")
def test_an_input_may_be_state(tmp_path: Path) -> None:
    check_equal([added(variable=True)], tmp_path, 6)
    program = program_of(added(variable=True), tmp_path)
    assert program.state == 4
    assert program.inputs[1] not in program.overwritten
    assert "extern int8_t *const m_input_1;" in project_files(program, "m")["m.h"]


def test_an_input_of_a_value_in_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(mg.GraphError, match=r"model\.tflite: .*input 'y' has a value in the file"):
        program_of(added(data=bytes(4)), tmp_path)


def test_reset_forgets(tmp_path: Path) -> None:
    program = program_of(running_sum(-7), tmp_path)
    assert program.state == 4
    assert facts(program, "m", find_target())["sram"]["state"] == 4
    written(project_files(program, "m"), tmp_path)
    (tmp_path / "main.c").write_text(
        '#include <string.h>\n#include "m.h"\n'
        "int main(void)\n{\n"
        "    int8_t first[4];\n    int i;\n"
        "    for (i = 0; i < 3; i++) {\n"
        "        if (i == 2) {\n            m_reset();\n        }\n"
        "        memset(m_input_0, 3, 4);\n        m_invoke();\n"
        "        if (i == 0) {\n            memcpy(first, m_output_0, 4);\n"
        "        } else if ((memcmp(first, m_output_0, 4) == 0) != (i == 2)) {\n"
        "            return 1;\n        }\n    }\n    return 0;\n}\n"
    )
    sources = [tmp_path / "main.c", tmp_path / "m.c", *(tmp_path / "runtime").glob("*.c")]
    command = [COMPILER or "cc", "-std=c99", f"-I{tmp_path}", *map(str, sources), "-o"]
    subprocess.run([*command, tmp_path / "main"], check=True)
    subprocess.run([tmp_path / "main"], check=True)


@needs_qemu
def test_a_microcontroller_begins_with_the_same_state(tmp_path: Path) -> None:
    """The stack is measured by an inference, which is forgotten."""
    inputs = bytes(range(12))
    for zero, in_bss, in_data in ((0, 4, 0), (-7, 0, 4)):
        (tmp_path / "model.tflite").write_bytes(running_sum(zero))
        project = mg.deploy(tmp_path / "model.tflite", tmp_path / f"out{zero}")
        found = project.run(inputs)
        assert found.inferences == 3
        assert found.outputs == on_host(project, inputs)
        sram = project.report["sram"]
        assert (sram["bss"], sram["data"]) == (project.arena + in_bss, in_data)


def test_state_that_begins_with_several_bytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(mg.GraphError, match="'kept' begins with bytes that are not all alike"):
        program_of(running_sum(0, bytes([1, 2, 3, 4])), tmp_path)
