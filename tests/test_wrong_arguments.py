"""A plausible wrong thing is answered in one line that says what is wanted."""

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph import prune

torch = pytest.importorskip("torch")

MODEL = str(Path(__file__).parents[1] / "fixtures" / "models" / "ds_cnn_int8.tflite")
OUT = str(Path(tempfile.gettempdir()) / "never_written.tflite")


PROBLEM = mg.Problem(("a", "b"), (16, 16), ("o",), ((0,),), ((1,),), (0,), (1,))
ARENA = mg.ArenaProblem((mg.Block("a", 16, 0, 2), mg.Block("b", 16, 1, 3)))


class Net(torch.nn.Module):  # type: ignore[name-defined,misc]
    def __init__(self) -> None:
        super().__init__()
        self.stem = torch.nn.Conv2d(1, 4, 3, padding=1)
        self.body = torch.nn.Conv2d(4, 8, 3)

    def forward(self, x: Any) -> Any:
        return self.body(torch.relu(self.stem(x))).mean((2, 3))


NET = Net()
X = torch.zeros(1, 1, 8, 8)
PEAK = {"peak": 500}


@pytest.fixture(scope="module")
def graph() -> mg.Graph:
    return mg.from_torch(NET, X)


def optimizer() -> Any:
    return torch.optim.SGD(NET.parameters(), 0.1)


# (call, what the error says)
CALLS: list[tuple[Callable[[], Any], str]] = [
    # A module where a graph is wanted, and other things that are none.
    *(
        (lambda f=f: f(NET), f"{f.__name__} takes .* not Net; make a Graph .* mg.from_torch")
        for f in (mg.load, mg.profile, mg.schedule, mg.plan, mg.widths, mg.Problem.from_graph)
    ),
    *(
        (lambda f=f: f(None), f"{f.__name__} takes .* not NoneType$")
        for f in (mg.load, mg.profile, mg.schedule, mg.plan, mg.widths, mg.Problem.from_graph)
    ),
    (lambda: mg.load(b"TFL3"), "not bytes; write them to a file and give the path"),
    (lambda: mg.load("a\0b"), "cannot be read"),
    (lambda: mg.profile(mg.profile(MODEL)), "not Profile"),
    (lambda: mg.schedule({"ops": []}), "or a Problem, not dict"),
    (lambda: mg.plan([3]), "or a Problem or an ArenaProblem, not list"),
    (lambda: mg.cut_bound(MODEL), "cut_bound takes a Problem, not str; Problem.from_graph makes"),
    (lambda: mg.operator_bound(NET), "operator_bound takes a Problem, not Net"),
    (lambda: mg.Problem.from_json(None), "a mapping or the path of a JSON file, not NoneType"),
    (lambda: mg.optimize(NET, OUT), "optimize takes the path of a model file, not Net"),
    (lambda: mg.optimize(MODEL, None), "the path of the file to write, not NoneType"),
    *(
        (lambda k=k: mg.optimize(MODEL, OUT, kernels=k), "unknown kernels")
        for k in (["reference"], None, 3, "arm")
    ),
    (lambda: mg.profile(MODEL, kernels=["reference"]), "unknown kernels"),  # type: ignore[arg-type]
    (lambda: mg.load(MODEL, limits=3), "limits: a LoadLimits is needed, not 3"),  # type: ignore[arg-type]
    *(
        (lambda m=m: mg.optimize(MODEL, OUT, split=True, minimise=m), "unknown minimise")
        for m in ("heap", None, ["total"])
    ),
    *(
        (lambda v=v: mg.optimize(MODEL, OUT, allow_slower=v), "allow_slower: a number from 0 on")
        for v in ("10%", -1, float("nan"), None, True)
    ),
    (lambda: mg.optimize(MODEL, OUT, progress=3), "progress: a function"),  # type: ignore[arg-type]
    # Networks and arenas made by hand.
    *(
        (
            lambda f=f, v=v, solve=solve: solve(replace(PROBLEM, **{f: v})),
            f"'{f}' (is a sequence|holds rows)",
        )
        for f, v in (
            ("overlaps", 3),
            ("overlaps", ("x",)),
            ("overlaps", (((0, 1, "z"),),)),
            ("overlaps", (((0, 1, 1.5),),)),
            ("inplace", 3),
            ("inplace", (((0,),),)),
            ("sizes", 3),
            ("after", 3),
            ("after", ((0,),)),
        )
        for solve in (mg.schedule, mg.plan, mg.cut_bound)
    ),
    (lambda: mg.plan(replace(PROBLEM, overlaps=(((0, 1, -1),),))), "whose lead is negative"),
    *(
        (lambda f=f, v=v: mg.plan(replace(ARENA, **{f: v})), f"'{f}' (is a sequence|holds rows)")
        for f in ("overlaps", "shares")
        for v in (3, "x", ((0,),), ((0, 1, "a", 2),), (None,), ((0, 1.5), (0, 1, 1.5)))
    ),
    # Shapes, arrays and names where inputs are wanted, and what is no module.
    (lambda: mg.from_torch(NET, (1, 1, 28, 28)), r"not a shape: give torch.zeros\(1, 1, 28, 28\)"),
    (lambda: mg.from_torch(NET, X.shape), r"not Size: give torch.zeros\(1, 1, 8, 8\)"),
    (lambda: mg.from_torch(NET, ((1, 1, 8, 8),)), "tensors of PyTorch, not int"),
    (lambda: mg.from_torch(NET, np.zeros((1, 1, 8, 8))), "not ndarray: give a tensor"),
    (lambda: mg.from_torch(NET, (np.zeros(3),)), "tensors of PyTorch, not ndarray"),
    (lambda: mg.from_torch(NET, {"x": X}), "give inputs by keyword as kwargs"),
    (lambda: mg.from_torch(NET, X, X), "kwargs are inputs by their names, not Tensor"),
    (lambda: mg.from_torch(Net, X), "not the class Net; make an instance of it"),
    (lambda: mg.from_torch(NET.state_dict(), X), "not OrderedDict; .* load_state_dict"),
    (lambda: mg.from_torch("net.pt2"), "not str; mg.load reads files"),
    # Options.
    (lambda: mg.profile(MODEL, runtime=["tflm"]), "unknown runtime"),  # type: ignore[arg-type]
    (lambda: mg.profile(MODEL, accounting=None), "unknown accounting"),  # type: ignore[arg-type]
    (lambda: mg.widths(MODEL, precision="int4"), "unknown precision 'int4'"),
    *(
        (lambda v=v: mg.schedule(MODEL, time_limit=v), "time_limit: a number from 0 on")
        for v in ("5", -1, float("nan"), True)
    ),
    (lambda: mg.schedule(MODEL, memory_limit="1"), "memory_limit: a whole number"),  # type: ignore[arg-type]
    (lambda: mg.schedule(MODEL, progress=3), "progress: a function"),  # type: ignore[arg-type]
    (lambda: mg.plan(MODEL, order=3), "order: a sequence of operator names"),  # type: ignore[arg-type]
    *(
        (lambda v=v: mg.plan(MODEL, alignment=v), "alignment: a whole number from 1 on")
        for v in (0, -16, "16", 1.5, None)
    ),
    (lambda: mg.Runtime(alignment=0), "alignment: a whole number from 1 on"),
    (lambda: mg.register("x", 3), "no Op and no function"),  # type: ignore[arg-type]
    (lambda: mg.register(3, mg.CustomOp("x")), "native: the name of"),  # type: ignore[arg-type]
    # Pruning.
    (lambda: mg.slim(NET, {}, (1, 1, 8, 8)), "not a shape"),
    (lambda: mg.slim(Net, {}, X), "slim takes a torch.nn.Module, not the class Net"),
    (lambda: mg.slim(NET, None, X), "keep: a mapping from groups"),  # type: ignore[arg-type]
    (lambda: mg.slim(NET, {}, X, None, NET), "space: what widths gave is needed, not Net"),  # type: ignore[arg-type]
    (lambda: prune.Pruner(NET, (1, 1, 8, 8), PEAK), "not a shape"),
    (lambda: prune.Pruner(Net, X, PEAK), "Pruner takes a torch.nn.Module, not the class Net"),  # type: ignore[arg-type]
    (lambda: prune.Pruner(NET, X, PEAK, kwargs=3), "kwargs are inputs by their names"),  # type: ignore[arg-type]
    (lambda: prune.Pruner(NET, X, PEAK, report=3), "report: a function"),  # type: ignore[arg-type]
    (lambda: prune.Salience(3), "score: a function"),  # type: ignore[arg-type]
    (lambda: prune.carry_over(None, NET, NET), "carry_over takes an optimizer, not NoneType"),  # type: ignore[arg-type]
    (lambda: prune.carry_over(optimizer(), NET, None), "carry_over takes a torch.nn.Module"),  # type: ignore[arg-type]
    (lambda: prune.export_tflite(Net, X, OUT, [X]), "export_tflite takes a torch.nn.Module"),
    (lambda: prune.export_onnx(Net, X, OUT), "export_onnx takes a torch.nn.Module"),
    (lambda: prune.export_onnx(NET, (1, 1, 8, 8), OUT), "not a shape"),
    (lambda: prune.export_onnx(NET, X, None), "the file to write is given by its path"),  # type: ignore[arg-type]
    (lambda: prune.finish_qat(NET), "finish_qat takes what prepare_qat returned"),
]


@pytest.mark.parametrize(("call", "message"), CALLS, ids=[message for _, message in CALLS])
def test_one_line_says_what_is_wanted(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(mg.McuGraphError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def resources(space: mg.Space) -> Iterator[Callable[[Any], Any]]:
    for resource in (space.macs, space.size, space.peak, space.arena):
        yield resource
        yield resource.gradient
    yield space.peak.bottleneck_at
    yield space.peak.problem_at


WRONG = [float("nan"), float("inf"), -float("inf")]


def test_widths_that_cannot_be(graph: mg.Graph) -> None:
    """No cost at widths below 0, and none of what is no number."""
    space = mg.widths(graph)
    for ask in resources(space):
        with pytest.raises(mg.UsageError, match="a width is below 0"):
            ask(space.full * 0 - 1)
    for ask in (*resources(space), space.round, space.feasible, space.fractions):
        for value in WRONG:
            with pytest.raises(mg.UsageError, match="a width is not finite"):
                ask(space.full * value)
        for given in ("abc", None, 3, {}, [1] * 9, np.zeros((2, 2, 9))):
            with pytest.raises(mg.UsageError, match=r"\d widths are needed"):
                ask(given)
    for ask in (space.macs, space.size, space.peak):
        with pytest.raises(mg.UsageError, match="a width is below 0"):
            ask(-torch.as_tensor(space.full, dtype=torch.float64))
        with pytest.raises(mg.UsageError, match="a width is below 0"):
            ask(np.stack([space.full, -space.full]).astype(float))


def test_paths_serve_as_models_do(tmp_path: Path) -> None:
    loaded = mg.load(MODEL)
    assert mg.schedule(MODEL).peak == mg.schedule(loaded).peak
    assert mg.plan(Path(MODEL)).arena == mg.plan(loaded).arena
    assert mg.widths(MODEL).macs(mg.widths(MODEL).full) == mg.profile(MODEL).macs
    assert mg.Problem.from_graph(MODEL) == mg.Problem.from_graph(loaded)
    problem = mg.Problem(("a", "b"), (3, 5), ("f",), ((0,),), ((1,),), (0,), (1,))
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(problem.to_json()))
    assert mg.schedule(path).peak == mg.schedule(str(path)).peak == 8
    assert mg.plan(path).arena == 32
    blocks = tmp_path / "blocks.csv"
    blocks.write_text("id,lower,upper,size\na,0,2,4\nb,1,3,8\n")
    assert mg.plan(blocks).arena == 12


def test_a_compiled_model_is_slimmed() -> None:
    """What ``torch.compile`` wraps is what is cut; the result is a plain module."""
    space = mg.widths(mg.from_torch(NET, X))
    name = space.groups[0].name
    small = mg.slim(torch.compile(NET), {name: [0, 2]}, X)
    plain = mg.slim(NET, {name: [0, 2]}, X)
    assert type(small) is Net
    assert small.stem.out_channels == 2
    image = torch.rand(1, 1, 8, 8)
    torch.testing.assert_close(small(image), plain(image))
