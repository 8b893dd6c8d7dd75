"""Work that is unknown in part is never complete, and whose it is, is said, wherever it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

import mcugraph as mg
from mcugraph.cost.work import total, work_of
from mcugraph.ir import Dim, DType, Graph, Op, Operator, Signature, Source, Tensor, TensorType
from mcugraph.ops.base import Rules
from mcugraph.ops.control import Call, Control, If, Loop

TYPE = TensorType(DType.INT8, (1, 4))


@dataclass(frozen=True, slots=True)
class Counts(Rules):
    """An operator that has a rule for one of the two, for both, or for neither."""

    of_macs: int | None
    of_others: int | None

    @property
    def kind(self) -> str:
        return "counts"

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        return (TYPE,)

    def macs(self, s: Signature) -> Dim | None:
        return self.of_macs

    def elementwise(self, s: Signature) -> Dim | None:
        return self.of_others


KNOWN = Counts(100, 10)
# Where one half is missing, the other one counts: what is told is a lower bound.
PARTLY = [
    (Counts(None, 7), (0, 7)),
    (Counts(5, None), (5, 0)),
    (Counts(0, None), (0, 0)),
    (Counts(None, 0), (0, 0)),
    (Counts(None, None), (0, 0)),
]


def chain(name: str, *ops: Op, bodies: dict[str, Graph] | None = None) -> Graph:
    """Operators one after the other, called after the graph and their place in it."""
    names = ["x", *(f"{name}{i}" for i in range(len(ops)))]
    operators = tuple(
        Operator(made, op, (read,), (made,), op.kind.upper())
        for op, read, made in zip(ops, names, names[1:], strict=False)
    )
    tensors = {n: Tensor(n, *TYPE) for n in names}
    return Graph(name, operators, tensors, ("x",), (names[-1],), Source("test"), bodies or {})


@pytest.mark.parametrize(("op", "least"), PARTLY)
def test_one_rule_of_two(op: Op, least: tuple[int, int]) -> None:
    works = work_of(chain("op", KNOWN, op, KNOWN))
    assert [work.unknown for work in works] == [(), ("COUNTS (op1)",), ()]
    assert (works[1].macs, works[1].elementwise) == least
    assert total(works).unknown == ("COUNTS (op1)",)
    profile = mg.profile(chain("op", KNOWN, op, KNOWN))
    assert not profile.complete
    assert profile.unknown_operators == ("COUNTS (op1)",)
    assert (profile.macs, profile.elementwise) == (200 + least[0], 20 + least[1])
    assert [layer.macs for layer in profile.layers] == [100, None, 100]
    assert [layer.elementwise for layer in profile.layers] == [10, None, 10]


RESULTS = ((TYPE.dtype, TYPE.shape),)


@pytest.mark.parametrize(("op", "least"), PARTLY)
@pytest.mark.parametrize(
    ("control", "times"),
    [
        (Loop(("body",), RESULTS), 1),
        (Loop(("body",), RESULTS, trips=3), 3),
        (Call(("body",), RESULTS), 1),
        # The other branch costs more, so that none of this one is counted; it may run all the same.
        (If(("body", "costly"), RESULTS), 0),
        (If(("costly", "body"), RESULTS), 0),
    ],
)
def test_in_a_body(control: Control, times: int, op: Op, least: tuple[int, int]) -> None:
    bodies = {"body": chain("body", op, KNOWN), "costly": chain("costly", Counts(999, 999))}
    graph = chain("main", KNOWN, control, bodies=bodies)
    profile = mg.profile(graph)
    assert not profile.complete
    assert profile.unknown_operators == ("COUNTS (body0)",)
    assert profile.layers[0].macs == 100
    assert profile.layers[1].macs is profile.layers[1].elementwise is None
    if times:
        assert profile.macs == 100 + times * (100 + least[0])
        assert profile.elementwise == 10 + times * (10 + least[1])
    else:
        assert (profile.macs, profile.elementwise) == (100 + 999, 10 + 999)


@pytest.mark.parametrize(("op", "least"), PARTLY)
def test_in_a_body_of_a_body_that_two_call(op: Op, least: tuple[int, int]) -> None:
    bodies = {
        "inner": chain("inner", op),
        "outer": chain("outer", Loop(("inner",), RESULTS, trips=2), KNOWN),
    }
    call = Call(("outer",), RESULTS)
    graph = chain("main", call, Loop(("outer",), RESULTS, trips=5), bodies=bodies)
    profile = mg.profile(graph)
    assert not profile.complete
    assert profile.unknown_operators == ("COUNTS (inner0)",)
    assert profile.macs == 6 * (2 * least[0] + 100)
    assert [layer.macs for layer in profile.layers] == [None, None]


def test_all_that_is_unknown_is_named_once() -> None:
    bodies = {"body": chain("body", PARTLY[0][0])}
    loop = Loop(("body",), RESULTS)
    works = work_of(chain("main", PARTLY[1][0], loop, loop, PARTLY[0][0], bodies=bodies))
    assert total(works).unknown == ("COUNTS (main0)", "COUNTS (body0)", "COUNTS (main3)")


def test_a_call_assumes_nothing() -> None:
    call = Call(("body",), RESULTS)
    works = work_of(chain("main", call, bodies={"body": chain("body", KNOWN)}))
    assert [work.assumptions for work in works] == [()]


def test_what_is_known_is_complete() -> None:
    graph = chain("main", KNOWN, Loop(("body",), RESULTS), bodies={"body": chain("body", KNOWN)})
    profile = mg.profile(graph)
    assert profile.complete
    assert profile.unknown_operators == ()
    assert (profile.macs, profile.elementwise) == (200, 20)


def test_a_body_that_could_not_be_read_exactly() -> None:
    """What its importer had to assume is said of the whole, once."""
    body = replace(chain("body", KNOWN), complete=False, assumptions=("a shape was guessed",))
    loop = Loop(("body",), RESULTS, trips=2)
    for depth, inner in enumerate((body, chain("outer", loop, bodies={}))):
        bodies = {"body": body} if depth == 0 else {"body": body, "outer": inner}
        called = Loop(("outer" if depth else "body",), RESULTS, trips=2)
        profile = mg.profile(chain("main", KNOWN, called, called, bodies=bodies))
        assert not profile.complete
        assert profile.assumptions.count("a shape was guessed") == 1
    # A body that nothing calls costs nothing, and what is not known of it does not matter.
    assert mg.profile(chain("main", KNOWN, bodies={"body": body})).complete


def test_the_preset_of_the_paper_says_so_too() -> None:
    for op, _ in PARTLY:
        profile = mg.profile(chain("op", KNOWN, op), accounting="paper")
        assert not profile.complete
        assert profile.unknown_operators == ("COUNTS (op1)",)
