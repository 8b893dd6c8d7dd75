"""Classes of labels against sets that are merged one by one."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from mcugraph.coupling.groups import EqualWidths
from mcugraph.coupling.unions import Unions, _pairs
from mcugraph.ops.labels import FIXED, NONE

COUNT = 8
LABELS = [NONE, FIXED, *range(FIXED + 1, FIXED + 1 + COUNT)]
label = st.sampled_from(LABELS)
TIED = "tied to an input, or to what has to stay"
steps = st.lists(
    st.tuples(st.just("unite"), st.lists(st.tuples(label, label), min_size=1, max_size=3))
    | st.tuples(st.just("freeze"), st.lists(label, min_size=1, max_size=2))
    | st.tuples(st.just("ask"), st.just([])),
    max_size=8,
)


@given(steps)
def test_classes(drawn) -> None:
    unions = Unions()
    assert unions.fresh(COUNT).tolist() == LABELS[2:]
    classes = {entry: {entry} for entry in LABELS}
    reasons: dict[int, str] = {}

    def merge(a: int, b: int, reason: str) -> None:
        joined = classes[a] | classes[b]
        if FIXED in joined:
            for entry in joined - {FIXED}:
                reasons.setdefault(entry, reason)
        for entry in joined:
            classes[entry] = joined

    def check() -> None:
        expected = [NONE if entry == NONE else min(classes[entry] - {NONE}) for entry in LABELS]
        assert [unions.find(entry) for entry in LABELS] == expected
        assert unions.roots(np.array(LABELS)).tolist() == expected
        assert unions.count == len(LABELS)
        assert {entry: unions.reason(entry) for entry in reasons} == reasons

    for number, (what, about) in enumerate(drawn):
        if what == "unite":
            unions.unite(np.array([a for a, _ in about]), np.array([b for _, b in about]))
            for a, b in about:
                if NONE not in (a, b):
                    merge(a, b, TIED)
        elif what == "freeze":
            unions.freeze(np.array(about), f"reason {number}")
            for a in about:
                if a != NONE:
                    merge(a, FIXED, f"reason {number}")
        else:
            check()
    check()


def test_the_first_reason_for_a_class_is_kept() -> None:
    unions = Unions()
    a, b, c, d = unions.fresh(4)
    unions.unite(a, b)
    unions.freeze(b, "an output")
    unions.freeze(a, "something else")
    assert unions.reason(a) == unions.reason(b) == "an output"
    unions.unite(b, c)
    assert unions.reason(c) == TIED
    unions.freeze(np.array([FIXED, NONE]), "not asked")
    assert unions.find(NONE) == NONE
    assert unions.reason(FIXED) == "tied to an input"
    unions.unite(d, np.int64(FIXED))
    assert unions.reason(d) == TIED


def test_new_labels_are_classes_of_their_own() -> None:
    unions = Unions()
    first = unions.fresh(2)
    unions.unite(first[:1], first[1:])
    assert len(set(unions.roots(first).tolist())) == 1
    second = unions.fresh(2)
    assert unions.roots(second).tolist() == second.tolist()
    table = unions._resolved
    unions.roots(first)
    assert unions._resolved is table  # nothing changed, so nothing is worked out again


def test_what_stays_anyway_keeps_its_reason() -> None:
    unions = Unions()
    a, b = unions.fresh(2)
    unions.freeze(a, "one")
    unions.freeze(b, "other")
    unions.unite(a, b)
    found = [unions.reason(entry) for entry in (a, b, FIXED)]
    assert found == ["one", "other", "tied to an input"]


def test_labels_unite_as_they_are_broadcast() -> None:
    unions = Unions()
    row, column = unions.fresh(3), unions.fresh(2)
    unions.unite(np.broadcast_to(row, (2, 3)), np.broadcast_to(column[:, None], (2, 3)))
    assert len({unions.find(entry) for entry in (*row.tolist(), *column.tolist())}) == 1
    image, other = unions.fresh(3), unions.fresh(3)
    unions.unite(np.broadcast_to(image[:, None], (3, 4)), other[:, None])
    assert [unions.find(entry) for entry in other.tolist()] == image.tolist()


def test_what_is_the_same_along_an_axis_takes_no_memory() -> None:
    """Of images of a terabyte and more, the channels count alone."""
    unions = Unions()
    first, second = unions.fresh(3), unions.fresh(3)
    shape = (3, 1 << 20, 1 << 20)
    images = [np.broadcast_to(labels[:, None, None], shape) for labels in (first, second)]
    unions.unite(*images)
    assert unions.roots(second).tolist() == first.tolist()
    unions.freeze(images[0], "held")
    assert unions.roots(second).tolist() == [FIXED] * 3


def test_parts_that_stay_equally_long_as_a_matrix() -> None:
    """w0 = w1 + w2 = 2 w3."""
    equal = EqualWidths(((0,), (1, 2), (3, 3)), "why")
    assert equal.matrix(5).tolist() == [[-1, 1, 1, 0, 0], [-1, 0, 0, 2, 0]]


@example([(2, 5, 1), (3, 6, 1), (2, 6, 1)])  # unlike the one before, like the first
@example([(5, 2, 1), (6, 3, 1), (6, 2, 1)])
@given(st.lists(st.tuples(st.sampled_from([*LABELS, 10**6]), label, st.integers(1, 4)), max_size=9))
def test_pairs_that_meet(drawn) -> None:
    one = np.array([a for a, _, often in drawn for _ in range(often)], np.int64)
    other = np.array([b for _, b, often in drawn for _ in range(often)], np.int64)
    expected = {(a, b) for a, b, _ in drawn if a != b and NONE not in (a, b)}
    assert list(_pairs(one, other)) == sorted(expected)


def test_long_rows_of_classes() -> None:
    """Each is joined with the one before, the last first, so that paths grow long."""
    for frozen in (False, True):
        unions = Unions()
        labels = unions.fresh(200)
        for at in range(198, -1, -1):
            unions.unite(labels[at : at + 1], labels[at + 1 : at + 2])
        if frozen:
            unions.freeze(labels[150:151], "here")
        root = FIXED if frozen else int(labels[0])
        for _ in range(2):
            assert [unions.find(int(label)) for label in labels[::-1]] == [root] * 200
        # Nothing walks such a path twice.
        ends = {root} if not frozen else {root, int(labels[0])}
        assert {unions._parent[label] for label in labels.tolist()} == ends
        assert unions.roots(labels).tolist() == [root] * 200
        if frozen:
            assert {unions.reason(int(label)) for label in labels} == {"here"}
