"""The profile of a graph: how its figures hang together, and what its options do."""

import gc
import json
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.odd_tflite import variables

import mcugraph as mg
from mcugraph import profiler
from mcugraph.ir import DType, Graph, Kind, Operator, Source, Tensor
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.opaque import Opaque
from mcugraph.scheduling.figures import LiveSetProblems
from mcugraph.scheduling.runtime import Runtime
from mcugraph.tflm import own_plan

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "models"
FILES = sorted(path.name for path in FIXTURES.iterdir())


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("runtime", ["tflm", "inplace", "inputs_elsewhere"])
def test_figures_hang_together(file: str, runtime: str, models: Path) -> None:
    profile = mg.profile(models / file, runtime=runtime)
    memory = profile.memory
    assert memory.operator_bound <= memory.cut_bound <= memory.peak <= memory.file_order_peak
    assert memory.peak_lower_bound <= memory.peak
    assert not memory.peak_is_optimal or memory.peak_lower_bound == memory.peak
    assert profile.macs == sum(layer.macs or 0 for layer in profile.layers)
    assert profile.elementwise == sum(layer.elementwise or 0 for layer in profile.layers)
    assert max(layer.live_bytes for layer in profile.layers) == memory.file_order_peak
    assert profile.model.operators == len(profile.layers)
    assert sorted(profile.order) == sorted(layer.name for layer in profile.layers)
    assert memory.bottleneck is not None
    live = memory.bottleneck.live
    if runtime != "inplace":
        assert sum(entry.bytes for entry in live) == memory.peak
    assert [entry.bytes for entry in live] == sorted((e.bytes for e in live), reverse=True)
    data = profile.to_dict()
    assert json.loads(json.dumps(data)) == data


def chain(*sizes: int, dtype: DType = DType.INT8) -> Graph:
    """A chain of ReLUs over vectors of the given sizes."""
    tensors = [Tensor(f"t{i}", dtype, (size,)) for i, size in enumerate(sizes)]
    operators = tuple(
        Operator(f"op{i}", Elementwise("softplus"), (f"t{i}",), (f"t{i + 1}",), "SOFTPLUS")
        for i in range(len(sizes) - 1)
    )
    names = {tensor.name: tensor for tensor in tensors}
    return Graph("chain", operators, names, ("t0",), (f"t{len(sizes) - 1}",), Source("test"))


def test_a_graph_made_by_hand() -> None:
    profile = mg.profile(chain(5, 3, 9, 2))
    assert profile.memory.peak == 12
    assert profile.flash.file is None
    assert profile.flash.other is None
    assert profile.model.path is None
    assert profile.model.name == "chain"
    assert [layer.live_bytes for layer in profile.layers] == [8, 12, 11]
    assert profile.memory.bottleneck is not None
    assert profile.memory.bottleneck.operator == "op1"


def test_an_input_that_nothing_reads_is_live_at_first() -> None:
    graph = chain(5, 3, 9)
    extra = Tensor("unused", DType.INT8, (100,))
    wide = graph.replace(tensors={**graph.tensors, "unused": extra}, inputs=("t0", "unused"))
    assert [layer.live_bytes for layer in mg.profile(wide).layers] == [108, 12]


def test_outputs_stay_to_the_end() -> None:
    graph = chain(5, 3, 9).replace(outputs=("t1", "t2"))
    assert [layer.live_bytes for layer in mg.profile(graph).layers] == [8, 12]
    early = chain(5, 3, 9, 2).replace(outputs=("t1", "t3"))
    assert [layer.live_bytes for layer in mg.profile(early).layers] == [8, 12, 14]


def test_state_is_apart() -> None:
    graph = chain(5, 3)
    state = Tensor("s", DType.FLOAT32, (7,), Kind.STATE)
    operator = replace(graph.operators[0], inputs=("t0", "s"))
    profile = mg.profile(
        graph.replace(tensors={**graph.tensors, "s": state}, operators=(operator,))
    )
    assert profile.memory.state == 28
    assert profile.memory.peak == 8


def test_what_is_not_known_is_said() -> None:
    graph = chain(5, 3, 9)
    odd = Operator("odd", Opaque("THING"), ("t0",), ("t1",), "THING")
    profile = mg.profile(graph.replace(operators=(odd, graph.operators[1])))
    assert profile.unknown_operators == ("THING (odd)",)
    assert not profile.complete
    assert profile.layers[0].macs is profile.layers[0].elementwise is None
    assert profile.memory.peak == 12  # exact all the same
    # A tensor without a shape counts 0 bytes, and that is said too.
    unknown = {**graph.tensors, "t1": Tensor("t1", DType.INT8, None)}
    profile = mg.profile(graph.replace(tensors=unknown))
    assert not profile.complete
    assert any("'t1'" in text for text in profile.assumptions)
    strings = {**graph.tensors, "t1": Tensor("t1", DType.STRING, (3,))}
    assert not mg.profile(graph.replace(tensors=strings)).complete


def test_an_empty_graph() -> None:
    tensor = Tensor("x", DType.INT8, (4,))
    graph = Graph("empty", (), {"x": tensor}, ("x",), ("x",), Source("test"))
    profile = mg.profile(graph)
    assert profile.macs == profile.elementwise == 0
    assert profile.layers == ()
    assert profile.complete


def test_runtimes(models: Path) -> None:
    path = models / "siamese.onnx"
    plain = mg.profile(path).memory.peak
    # Both inputs, 16x16 floats each, wait outside of SRAM.
    assert mg.profile(path, runtime="inputs_elsewhere").memory.peak < plain
    own = Runtime("mine", count_inputs=False)
    assert mg.profile(path, runtime=own).runtime == "mine"
    assert mg.profile(chain(5, 5, 5), runtime="inplace").memory.peak == 5
    # An operand that is smaller than the result cannot hold it.
    assert mg.profile(chain(5, 6), runtime="inplace").memory.peak == 11


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"runtime": "linux"}, "unknown runtime 'linux'; expected one of tflm"),
        ({"accounting": "mine"}, "unknown accounting 'mine'; expected one of deployed, paper"),
        ({"precision": "int3"}, "unknown precision 'int3'; expected one of int8"),
    ],
)
def test_unknown_options(option: dict[str, str], message: str) -> None:
    with pytest.raises(mg.UsageError, match=message):
        mg.profile(chain(1, 1), **option)  # type: ignore[arg-type]


def test_profiling_changes_nothing(models: Path) -> None:
    graph = mg.load(models / "resnet.onnx")
    before = str(graph)
    first = mg.profile(graph, precision="int8")
    assert str(graph) == before
    assert mg.profile(graph, precision="int8") == first


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a profile works out, in the order in which it does."""
    found: list[str] = []

    def noted(name: str, made: Callable[..., Any]) -> Callable[..., Any]:
        def note(*given: Any) -> Any:
            found.append(name)
            return made(*given)

        return note

    for owner, name in (
        (LiveSetProblems, "figures"),
        (profiler, "tflm_footprint"),
        (own_plan, "_planned"),
        (own_plan, "_overlapped"),
    ):
        monkeypatch.setattr(owner, name, noted(name, getattr(owner, name)))
    return found


@pytest.mark.parametrize(
    ("read", "needed"),
    [
        (lambda p: (p.macs, p.flash, p.model, p.assumptions, p.tflm_refusals, p.memory.state), []),
        (lambda p: (p.memory.peak, p.order, p.layers, p.memory.bottleneck), ["figures"]),
        (lambda p: (p.memory.tflm_total, p.memory.tflm_arena), ["tflm_footprint"]),
        (lambda p: p.memory.planned_arena, ["tflm_footprint", "figures", "_planned"]),
        (lambda p: p.to_dict(), ["figures", "tflm_footprint", "_planned", "_overlapped"]),
    ],
)
def test_what_takes_a_search_waits_till_it_is_read(
    read: Callable[[mg.Profile], object], needed: list[str], models: Path, asked: list[str]
) -> None:
    profile = mg.profile(models / "branching.onnx")
    assert asked == []
    for _ in range(2):
        read(profile)
        assert asked == needed


def test_a_profile_that_nobody_read_holds_no_weights(models: Path) -> None:
    graph = mg.load(models / "branching.onnx")
    load = next(t.constant.load for t in graph.tensors.values() if t.constant is not None)
    held = weakref.ref(load)
    profile = mg.profile(graph)
    del graph, load
    gc.collect()
    assert held() is None
    assert profile.memory.peak > 0


def test_a_search_without_time_still_gives_honest_bounds(fixtures: Path) -> None:
    graph = mg.load(fixtures / "models" / "branching.onnx")
    searched, hasty = mg.profile(graph).memory, mg.profile(graph, time_limit=0).memory
    assert hasty.peak_lower_bound <= searched.peak <= hasty.peak <= hasty.file_order_peak
    with pytest.raises(mg.UsageError, match="time_limit: a number from 0 on"):
        mg.profile(graph, time_limit=-1)


def test_a_handle_explains_a_head_below_the_peak(tmp_path: Path) -> None:
    """A model whose largest live set has a handle in it, and one without."""
    path = tmp_path / "model.tflite"
    path.write_bytes(variables())
    found = mg.profile(path)
    # What was read, what it is added to, and the sum, of 48 bytes each; and the handle.
    assert found.memory.peak == found.memory.file_order_peak == 3 * 48 + 4
    assert found.memory.tflm_arena == found.memory.planned_arena == 3 * 48
    assert [text for text in found.assumptions if "by 4 bytes for each" in text]
    assert not [text for text in mg.profile(chain(5, 3)).assumptions if "handle" in text]
