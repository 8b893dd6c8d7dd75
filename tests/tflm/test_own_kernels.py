"""Kernel libraries of a user's own: what they say is what is counted, and nothing else changes."""

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import Capture, refused, run
from support.loading import network

import mcugraph as mg
from mcugraph.tflm import kernels as libraries
from mcugraph.tflm.loaded import program_of

MODULE = """
import mcugraph as mg

ACME = mg.KernelLibrary(scratch={"CONV_2D": lambda call: 5000})
NONE = 3
"""


@pytest.fixture(autouse=True)
def nothing_stays_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "_OWN", {})


def columns(call: mg.OperatorCall) -> int:
    """What CMSIS-NN's convolution of int8 takes, said with what a rule gets to see."""
    data = call.inputs[0]
    assert data is not None
    length = data.shape[-1] * math.prod(call.window)
    return 0 if call.window == (1, 1) else 4 * (-(-length // 4) * 4)


@pytest.mark.parametrize("name", ["resnet", "inception", "unet"])
def test_what_cmsis_nn_takes_can_be_told(name: str, models: Path) -> None:
    mg.register_kernels("acme", mg.KernelLibrary(scratch={"CONV_2D": columns}))
    graph = mg.load(models / f"{name}_int8.tflite")
    own, arm = (program_of(graph, kernels=kernels)[0] for kernels in ("acme", "cmsis-nn"))
    assert own is not None
    assert arm is not None
    found = [
        (own.needs[place].scratch, arm.needs[place].scratch)
        for place, node in own.nodes.items()
        if node.native == "CONV_2D"
    ]
    assert any(ours for ours, _ in found)
    assert all(ours == theirs for ours, theirs in found)


def test_a_rule_sees_the_same_whatever_the_model_came_from(models: Path) -> None:
    pytest.importorskip("torch")
    seen: Counter[Any] = Counter()

    def look(call: mg.OperatorCall) -> int:
        data = call.inputs[0]
        assert data is not None
        seen[data.shape[-1], call.outputs[0].shape, call.window] += 1  # a converter may pad before
        return 0

    mg.register_kernels("acme", mg.KernelLibrary(scratch={"CONV_2D": look}))
    found = []
    for graph in (
        mg.load(models / "resnet_int8.tflite"),
        mg.load(models / "resnet.onnx"),
        mg.from_torch(*network("resnet")),
    ):
        seen.clear()
        program_of(graph, kernels="acme")
        found.append(dict(seen))
    assert found[0]
    assert found[0] == found[1] == found[2]


def test_what_is_kept_for_ever_is_added_to_the_tail(models: Path) -> None:
    graph = mg.load(models / "resnet_int8.tflite")
    plain = mg.profile(graph).memory
    convolutions = sum(op.native == "CONV_2D" for op in graph.operators)
    mg.register_kernels("none", mg.KernelLibrary(scratch={}))
    mg.register_kernels("acme", mg.KernelLibrary(scratch={}, persistent={"CONV_2D": [32, 48]}))
    none = mg.profile(graph, kernels="none").memory
    for name in ("tflm_total", "tflm_arena", "tflm_persistent", "planned_arena"):
        assert getattr(none, name) == getattr(plain, name)
    assert none.overlap_arena == none.planned_arena  # nobody says in what order it reads
    kept = mg.profile(graph, kernels="acme").memory
    assert plain.tflm_persistent is not None
    assert kept.tflm_persistent == plain.tflm_persistent + 80 * convolutions
    assert kept.tflm_arena == plain.tflm_arena


def test_scratch_lives_while_its_operator_runs(models: Path) -> None:
    graph = mg.load(models / "autoencoder_int8.tflite")  # dense layers alone: a chain
    live = [
        sum(graph.tensors[name].nbytes or 0 for name in (op.inputs[0], op.outputs[0]))
        for op in graph.operators
        if op.native == "FULLY_CONNECTED"
    ]
    mg.register_kernels("acme", mg.KernelLibrary(scratch={"FULLY_CONNECTED": (4096, 0, 1024)}))
    found = mg.profile(graph, kernels="acme")
    assert found.memory.planned_arena is not None
    assert 0 <= found.memory.planned_arena - (max(live) + 5120) < 32
    assert any("FULLY_CONNECTED" in said for said in found.assumptions) is False


def test_profiles_are_of_the_library_that_bore_the_name_then(models: Path) -> None:
    found = []
    for scratch in (0, 1 << 20):
        library = mg.KernelLibrary(scratch={"CONV_2D": lambda call, nbytes=scratch: nbytes})
        mg.register_kernels("acme", library)
        found.append(mg.profile(models / "resnet_int8.tflite", kernels="acme"))
    little, much = (each.memory for each in found)
    assert little.tflm_arena is not None
    assert much.tflm_arena is not None
    assert little.tflm_arena < 1 << 20 < much.tflm_arena


def test_a_custom_operator_gets_a_kernel() -> None:
    library = mg.KernelLibrary(scratch={"CUSTOM:Mix": 64})
    mg.register_kernels("acme", library)
    assert "CUSTOM:Mix" in libraries.find_library("acme")
    assert "CUSTOM:Mix" not in libraries.find_library("reference")


def failing(call: mg.OperatorCall) -> int:
    raise KeyError(call.operator)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mg.KernelLibrary(scratch=3), "bytes by operator are needed, not 3"),
        (lambda: mg.KernelLibrary(scratch={"PAD": -1}), "PAD: bytes are needed, not -1"),
        (lambda: mg.KernelLibrary({"PAD": 1}, {"PAD": 2.5}), "PAD: bytes are needed, not 2.5"),
        (lambda: mg.KernelLibrary({"CONV_2D": failing}), "'acme': CONV_2D: its rule fails: KeyErr"),
        (lambda: mg.KernelLibrary({"CONV_2D": lambda call: "2"}), "bytes are needed, not '2'"),
        (lambda: mg.KernelLibrary({"CONV_2D": lambda call: [True]}), "bytes are needed, not True"),
        (lambda: {"CONV_2D": 3}, "a KernelLibrary is needed"),
    ],
)
def test_wrong_rules_are_refused(make: Callable[[], Any], message: str, models: Path) -> None:
    def use() -> None:
        mg.register_kernels("acme", make())
        mg.profile(models / "resnet_int8.tflite", kernels="acme")

    with pytest.raises(mg.UsageError, match=message):
        use()


@pytest.mark.parametrize("name", ["reference", "cmsis-nn", "any", 3])
def test_names_that_are_taken(name: Any) -> None:
    with pytest.raises(mg.UsageError, match="register_kernels"):
        mg.register_kernels(name, mg.KernelLibrary(scratch={}))


def test_commands_import_a_library(
    models: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acme_of_a_test.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    model = models / "resnet_int8.tflite"
    for command in ("profile", "check"):
        limit = ("--sram", "1MiB") if command == "check" else ()
        text = run(capsys, command, model, *limit, "--kernels", "acme_of_a_test:ACME")
        assert "not acme_of_a_test:ACME's" in text
    assert "it is no KernelLibrary" in refused(
        capsys, "profile", model, "--kernels", "acme_of_a_test:NONE"
    )
    assert "No module named" in refused(capsys, "profile", model, "--kernels", "no_such:ACME")
    written = tmp_path / "out.tflite"
    said = run(capsys, "optimize", model, "-o", written, "--kernels", "acme_of_a_test:ACME")
    assert str(written) in said


def test_a_name_from_elsewhere_imports_nothing() -> None:
    """A file may say which kernels its plan is for; only an option is taken as a module."""
    with pytest.raises(mg.UsageError, match="unknown kernels 'antigravity:x'"):
        libraries.find_library("antigravity:x")
