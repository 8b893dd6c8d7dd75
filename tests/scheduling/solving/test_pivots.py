"""The states before pivots, what comes of them, and what that proves: against brute force."""

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings

from mcugraph.scheduling.solving import pivot_proof, pivot_states, pivot_sweep
from mcugraph.scheduling.solving.bit_steps import BitStates, BitSteps
from mcugraph.scheduling.solving.dp import dp_order
from mcugraph.scheduling.solving.known_gap import KnownGap
from mcugraph.scheduling.solving.limits import LimitReached, Limits
from mcugraph.scheduling.solving.network import ancestor_masks, end_bytes
from mcugraph.scheduling.solving.partial_order import PartialOrder
from mcugraph.scheduling.solving.partial_states import PartialBounds
from mcugraph.scheduling.solving.pivot_bounds import PivotBounds
from mcugraph.scheduling.solving.pivot_proof import PivotProof
from mcugraph.scheduling.solving.pivot_states import PivotStates
from mcugraph.scheduling.solving.pivot_sweep import PivotSweep
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.scheduling.solving.set_arrays import columns, words
from mcugraph.testing import SHAPES, brute_force_peak, build_problem, problems

NO_LIMITS = Limits()
EVERYTHING = 1 << 40


def drawn(seed, size=12, plain=True):
    """A network; a plain one has nothing in place, and nothing for the first operator alone."""
    random = Random(seed)
    shape = random.choice(SHAPES)
    problem = build_problem(random.randint, size, shape, 60, plain, overlaps=not plain)
    return problem.network()


def least(net):
    return order_peak(net, dp_order(net, NO_LIMITS))


def live_bytes(net, state):
    """Bytes of the tensors that are made in a state, or before, and read or kept after it."""
    return net.constant + sum(
        size
        for size, made, readers, keep in zip(
            net.sizes, net.producer, net.consumers, net.keep, strict=True
        )
        if (made < 0 or state >> made & 1) and (keep or any(not state >> r & 1 for r in readers))
    )


def states_of(net, budget):
    """All states that some order of the budget passes, as masks, with those that follow each."""
    ancestors = ancestor_masks(net)
    everything = (1 << len(net.preds)) - 1
    follow = {}
    levels = [{0}]
    for _ in net.preds:
        levels.append(set())
        for state in levels[-2]:
            room = budget - live_bytes(net, state)
            follow[state] = [
                v
                for v, before in enumerate(ancestors)
                if not state >> v & 1 and state & before == before and net.step[v] <= room
            ]
            levels[-1] |= {state | 1 << v for v in follow[state]}
    useful = {everything} & levels[-1]
    for level in reversed(levels[:-1]):
        for state in level:
            follow[state] = [v for v in follow[state] if state | 1 << v in useful]
        useful |= {state for state in level if follow[state]}
    return {state: follow[state] for state in useful if state != everything}


def masks(held):
    """Sets of words as masks."""
    return [sum(int(word) << 64 * at for at, word in enumerate(column)) for column in held.T]


def found_before(net, known, pivot, budget):
    """The states before a pivot, as masks, and as they are told."""
    states = PivotStates(PartialBounds(net), known, known.network(), pivot, budget)
    run, live = states.run(EVERYTHING, NO_LIMITS).states
    assert states.done
    return masks(words(run)), live.tolist(), run


@pytest.mark.parametrize("seed", range(12))
def test_bounds_of_partial_states_are_not_above_what_is_live(seed):
    """Of the states that agree with what is known, no more than the least; nothing open: it."""
    net = drawn(seed)
    random = Random(seed)
    count = len(net.preds)
    ancestors = ancestor_masks(net)
    states = list(states_of(net, EVERYTHING))
    bounds = PartialBounds(net)
    for _ in range(20):
        state, other = random.choice(states), random.choice(states)
        run, wait = state & other, ~(state | other) & (1 << count) - 1
        assert all(run & before == before for v, before in enumerate(ancestors) if run >> v & 1)
        (bound,) = bounds.live(columns([run], count), columns([wait], count)).tolist()
        agree = [one for one in states if one & run == run and not one & wait]
        assert bound <= min(live_bytes(net, one) for one in agree)
        if state == other:
            assert bound == live_bytes(net, state)


@pytest.mark.parametrize("seed", range(40))
def test_an_order_passes_states_that_are_found_if_any_keeps_the_budget(seed):
    """For each pivot, and with what follows from the pivots before it."""
    net = drawn(seed)
    best, count = least(net), len(net.preds)
    random = Random(seed)
    for budget in (best - 1, best, best + 7):
        known = PartialOrder(net)
        for pivot in random.sample(range(count), count):
            passed = [state for state, follow in states_of(net, budget).items() if pivot in follow]
            found, live, run = found_before(net, known, pivot, budget)
            assert len(found) == len(set(found))
            assert live == [live_bytes(net, state) for state in found]
            if budget < best:
                continue
            assert set(passed) & set(found)
            for v in np.flatnonzero(run.all(axis=1)).tolist():
                known.add(v, pivot)
            for v in np.flatnonzero(~run.any(axis=1)).tolist():
                if v != pivot:
                    known.add(pivot, v)
            assert keeps(net, known, budget)


def keeps(net, known, budget):
    """Whether an order that keeps a budget runs all in the order that is known."""
    reached = {0}
    for _ in net.preds:
        reached = {
            state | 1 << v
            for state in reached
            for v, before in enumerate(known.ancestors)
            if not state >> v & 1
            and state & before == before
            and live_bytes(net, state) + net.step[v] <= budget
        }
    return bool(reached)


def test_few_states_are_settled():
    """Of all states before the pivots of some networks, no more than a small part."""
    settled = among = 0
    for seed in range(12):
        net = drawn(seed)
        budget = least(net)
        passed = states_of(net, budget)
        for pivot in range(len(net.preds)):
            found, _, _ = found_before(net, PartialOrder(net), pivot, budget)
            settled += len(found)
            among += sum(pivot in follow for follow in passed.values())
    assert settled < among / 2


def test_what_is_known_besides_is_in_the_network():
    net = drawn(5)
    known = PartialOrder(net)
    unrelated = [
        (u, v)
        for u in range(len(net.preds))
        for v in range(len(net.preds))
        if u != v and not (known.ancestors[v] | known.descendants[v]) >> u & 1
    ]
    before, after = unrelated[-1]
    pairs = known.pairs
    known.add(before, after)
    assert known.pairs > pairs
    assert known.pairs == sum(above.bit_count() for above in known.ancestors)
    sequence = known.sequence()
    ordered = known.network()
    reached = [0] * len(sequence)
    for v in sequence:
        for u in ordered.preds[v]:
            assert v in ordered.succs[u]
            assert not any(u in ordered.preds[w] for w in ordered.preds[v])
            reached[v] |= reached[u] | 1 << u
    assert reached == known.ancestors


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("seed", range(10))
def test_steps_lead_to_an_order_just_if_one_keeps_the_budget(seed, forward):
    net = drawn(seed)
    best = least(net)
    steps = BitSteps(net, forward)
    for budget in (best, best - 1):
        live = net.start if forward else end_bytes(net)
        states = BitStates(words(columns([0], len(net.preds))), np.array([live], np.int64))
        for _ in net.preds:
            before, found = states, steps.following(states, budget)
            states = found.states
            held = masks(states.words)
            assert len(held) == len(set(held))
            assert (found.cost <= budget).all()
            for row, to, v in zip(found.rows, found.to, found.added, strict=True):
                assert masks(before.words[:, [row]])[0] | 1 << int(v) == held[to]
        assert len(states) == (budget == best)


def test_states_are_told_apart_whatever_their_hash(monkeypatch):
    """Where all states have the same hash, twice the same may be kept, but none is lost."""
    net = drawn(3)
    monkeypatch.setattr(BitSteps, "_mark", lambda self, words: np.zeros(words.shape[1], np.uint64))
    steps = BitSteps(net, True)
    for budget in (least(net), least(net) - 1):
        states = BitStates(words(columns([0], len(net.preds))), np.array([net.start], np.int64))
        for _ in net.preds:
            states = steps.following(states, budget).states
        assert (len(states) > 0) == (budget == least(net))


@pytest.mark.parametrize("kept", [EVERYTHING, 2])
@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("seed", range(10))
def test_sweeps_refute_only_what_no_order_passes(seed, forward, kept, monkeypatch):
    """And tell an order else, if all ways are looked at, be it one that passes others."""
    monkeypatch.setattr(pivot_sweep, "_KEPT", kept)
    net = drawn(seed)
    best, random = least(net), Random(seed)
    for budget in (best - 1, best, best + 9):
        passed = states_of(net, budget)
        for pivot in random.sample(range(len(net.preds)), 4):
            found, live, _ = found_before(net, PartialOrder(net), pivot, budget)
            for state, bytes_live in zip(found, live, strict=True):
                sweep = PivotSweep(net, budget, EVERYTHING)
                states = BitStates(words(columns([state], len(net.preds))), np.array([bytes_live]))
                for _ in sweep.run(pivot, states, forward, NO_LIMITS):
                    pass
                if sweep.order is not None:
                    assert sorted(sweep.order) == list(range(len(net.preds)))
                    assert order_peak(net, sweep.order) <= budget
                assert not (sweep.refuted and pivot in passed.get(state, ()))
                if kept == EVERYTHING:
                    assert (sweep.order is None) == sweep.refuted
                    assert sweep.refuted or budget >= best


@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize("seed", range(25))
def test_proofs_refute_no_order_and_find_only_what_keeps_the_budget(seed, few, monkeypatch):
    if few:  # little is looked at, at first
        for module, name, value in (
            (pivot_proof, "_PIVOTS", 1),
            (pivot_proof, "_MOST", 3),
            (pivot_proof, "_SLICE", 2),
            (pivot_proof, "_APART", 2),
            (pivot_proof, "_WIDTH", 2),
            (pivot_states, "_CELLS", 1),
            (pivot_sweep, "_KEPT", 3),
        ):
            monkeypatch.setattr(module, name, value)
    net = drawn(seed, 14)
    best, count = least(net), len(net.preds)
    proof = PivotProof(net, count / 2, NO_LIMITS)
    for budget in (best - 1, best, best - 9, best + 5):
        for _ in proof.run(budget):
            pass
        assert not (proof.refuted and proof.order is not None)
        if proof.refuted:
            assert budget < best
        if proof.order is not None:
            assert sorted(proof.order) == list(range(count))
            assert best <= order_peak(net, proof.order) <= budget
        if not few:
            assert proof.refuted == (budget < best)


def bounds_of(net):
    """The best bound and the best order that pivots tell, and the peak of the best order."""
    best = least(net)
    known = KnownGap(net, list(range(len(net.preds))), 0)
    pivots = PivotBounds(net, lambda: known.order, lambda: known.lower_bound, NO_LIMITS)
    for bound, found in pivots.run():
        assert bound <= best
        assert pivots.left > 0
        if found is not None:
            assert sorted(found) == list(range(len(net.preds)))
        known.take(bound, found)
    return known.lower_bound, known.peak, best


@settings(max_examples=100, deadline=None)
@given(problems(min_operators=1, max_operators=7, max_size=20, overlaps=True))
def test_no_bound_is_above_the_best_order(problem):
    """Whatever the options of a problem, in place and first bytes among them."""
    bound, peak, best = bounds_of(problem.network())
    assert bound <= best == brute_force_peak(problem) <= peak


def test_bounds_meet_the_best_order_in_most_networks():
    met = 0
    for seed in range(12):
        bound, peak, best = bounds_of(drawn(seed, 14, plain=seed % 4 > 0))
        met += bound == peak == best
    assert met >= 6


def test_bounds_rise():
    net = drawn(2, 16)
    order = list(range(len(net.preds)))
    pivots = PivotBounds(net, lambda: order, lambda: 0, NO_LIMITS)
    told = [bound for bound, _ in pivots.run()]
    assert all(a <= b for a, b in pairwise(told))


def test_bounds_take_time():
    net = drawn(1, 40)
    order = range(len(net.preds))
    peak = order_peak(net, order)
    pivots = PivotBounds(net, lambda: order, lambda: peak // 2, Limits(work=1))
    with pytest.raises(LimitReached):
        list(pivots.run())
