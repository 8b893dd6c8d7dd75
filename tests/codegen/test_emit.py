"""Text of C: names and texts of a model can neither break out nor clash."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from support.deployed import compiled, needs_compiler
from support.int8_operators import OPERATORS

import mcugraph as mg
from mcugraph.codegen.building import build
from mcugraph.codegen.emit.c_text import array, comment, element_type, number, said
from mcugraph.codegen.emit.identifiers import Identifiers, check_arena, check_prefix
from mcugraph.codegen.emit.project_files import project_files
from mcugraph.records import replace

FINITE: dict[str, Any] = {"allow_nan": False, "allow_infinity": False}


@given(st.lists(st.text(max_size=80), max_size=8))
def test_identifiers_are_valid_and_unique(names: list[str]) -> None:
    identifiers = Identifiers()
    found = [identifiers.of(name, role) for name in names for role in ("weights", "params")]
    assert len(set(found)) == len(found)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) for name in found)


def test_a_name_that_looks_like_a_second_one_is_told_apart() -> None:
    identifiers = Identifiers()
    made = [identifiers.of(name, "bias") for name in ("a", "a", "a_bias_2", "a/", "mg_x", "7")]
    assert made[0] == "a_bias"
    assert len(set(made)) == len(made)
    assert made[-2:] == ["t_mg_x_bias", "t_7_bias"]


@given(st.text(max_size=200))
def test_no_text_ends_a_comment(text: str) -> None:
    written = comment(said(text))
    assert written.isascii()
    assert written.count("*/") == written.count("/*") == 1
    assert written.endswith("*/")
    assert "??" not in written


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (-128, "int8_t", "-128"),
        (-(1 << 31), "int32_t", "(-2147483647 - 1)"),
        (-(1 << 63), "int64_t", "(-9223372036854775807LL - 1)"),
        (1.0, "float", "1.0f"),
        (1e-20, "float", "1e-20f"),
        (0.1, "float", "0.1f"),
    ],
)
def test_numbers(value: float, kind: str, text: str) -> None:
    assert number(value, kind) == text


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_numbers_that_c_cannot_write_are_refused(value: float) -> None:
    with pytest.raises(mg.GraphError, match="no number that C code can hold"):
        number(value)


def test_floats_are_written_exactly() -> None:
    values = np.random.default_rng(0).normal(size=100).astype(np.float32)
    text = array("x", values).partition("{")[2].partition("}")[0]
    found = np.array([float(entry.strip().rstrip("f")) for entry in text.split(",")], np.float32)
    assert (found == values).all()


def numbers_one_by_one(values: np.ndarray[Any, Any]) -> str:
    """An array's entries without anything clever."""
    lines = ["   "]
    kind = element_type(values)
    for entry in (number(value, kind) for value in values.tolist()):
        if len(lines[-1]) + len(entry) + 2 > 100:
            lines.append("   ")
        lines[-1] += f" {entry},"
    return "\n".join(lines).removesuffix(",")


@given(
    st.sampled_from(["bool", "i1", "u1", "i2", "u2", "i4", "u4", "i8"]).flatmap(
        lambda kind: arrays(kind, st.integers(1, 90))
    )
    | arrays("f4", st.integers(1, 90), elements=st.floats(width=32, **FINITE))
    | arrays("f4", st.integers(1, 90), elements=st.integers(-(10**10), 10**10).map(float))
)
@example(np.array([-(1 << 31), 0], np.int32))
@example(np.array([-(1 << 63), 0], np.int64))
@example(np.array([-0.0, 999999936, 1e9, 8388607.5, 1e-45, 3.4028235e38], np.float32))
@example(np.full(70000, -1, np.int8))
@example(np.full(70000, 0.5, np.float32))
def test_a_table_reads_as_its_numbers_one_by_one(values: np.ndarray[Any, Any]) -> None:
    _, _, text = array("x", values).partition("{\n")
    assert text.removesuffix("\n};\n") == numbers_one_by_one(values)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_table_of_numbers_that_c_cannot_write_is_refused(value: float) -> None:
    with pytest.raises(mg.GraphError, match=f"{value} is no number that C code can hold"):
        array("x", np.array([1.0, value, 2.0], np.float32))


@pytest.mark.parametrize("name", ["", "7up", "a b", "int", "class", "mg_x", "MG_X", "a" * 65, "ü"])
def test_names_that_c_does_not_take_are_refused(name: str) -> None:
    with pytest.raises(mg.UsageError, match="letters, digits"):
        check_prefix(name)


@pytest.mark.parametrize("name", ["stdint", "Stdio", "main_host", "machine", "features"])
def test_names_of_files_that_are_included_are_refused(name: str) -> None:
    with pytest.raises(mg.UsageError, match=f"name '{name}': a file that is included"):
        check_prefix(name)


@pytest.mark.parametrize(
    "name", ["net_input_0", "net_output_12", "net_invoke", "net_reset", "net__a"]
)
def test_an_arena_of_a_name_of_the_model_is_refused(name: str) -> None:
    with pytest.raises(mg.UsageError, match="the model has something else of this name"):
        check_arena(name, "net")
    assert check_arena(name, "other") == name
    assert check_arena("stdint", "net") == "stdint"


@needs_compiler
def test_a_model_of_hostile_names_compiles(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(OPERATORS["convolution"](0))
    program = build(mg.load(path), "tflm", 2.0)
    hostile = '*/ int main; /* ??/\n#error "x" \\ \u202e'
    program = replace(
        program,
        name=hostile,
        values=tuple(replace(value, name=hostile) for value in program.values),
        steps=tuple(replace(step, operator=hostile) for step in program.steps),
    )
    compiled([program], tmp_path)


def test_every_file_says_its_licence(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(OPERATORS["softmax"](0))
    for name, text in project_files(build(mg.load(path), "tflm", 2.0), "model").items():
        assert "SPDX-License-Identifier: 0BSD" in text.splitlines()[0], name


def test_every_file_of_the_runtime_says_its_licence() -> None:
    runtime = Path(mg.__file__).parent / "codegen" / "runtime"
    assert len(list(runtime.iterdir())) > 10
    for path in runtime.iterdir():
        assert "SPDX-License-Identifier: 0BSD" in path.read_text("ascii").splitlines()[0], path
