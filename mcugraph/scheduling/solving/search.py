"""Search for an order whose peak stays within a budget, or for the proof that there is none.

A state is the set of operators that were added so far; let L be what is live in it. The search
goes from state to state as one crosses mountains: up where it must, and down wherever it can,
never to come back. L is submodular on downsets, L(A | B) + L(A & B) <= L(A) + L(B), so that two
rules lose no solution:

*Free move.* An operator that fits the budget and after which no more is live than before can be
added at once. Every state is closed under such moves.

*Valley.* Let T be reached from S within the budget, with L(T) <= L(S), and let M be the state
between the two with the least live. Then S can be completed just if M can. M can be reached, by
the steps of the way to T that M has (intersected with M, no state of the way gets dearer, since
joined with M it holds no less than M); and the rest of any solution from S can be joined with M,
by which no step of it becomes dearer either.

So a state is explored depth first, the lowest next state first, and only until something no higher
than it is found: its valley, which takes its place for good. If there is none, it is dead, and is
never looked at again. Where the budget is ample, hardly a state is explored that is not part of the
order found; where it is not, those are that can be reached without going below where they began.

With overlays that not every order allows, joining keeps steps from becoming dearer, as what M adds
can only make more inputs die; intersecting does not. So forwards T has to be the lowest state
itself; backwards an operator is neither moved for free nor part of a valley if it is the first in
the state to read an input over which one that is not in it might lie. While bytes are
live for the first operator only, the empty state is no ordinary state: forwards it is not closed
and has no valley, backwards such a network is not searched.
"""

from bisect import bisect_right
from collections.abc import Iterator, Set
from math import inf

from mcugraph.scheduling.solving.direction import Direction
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.valley import lowest_between

_DEAD_BYTES = 100  # about what one dead state takes, besides its mask
CHECK_EVERY = 1000  # operators tried, between two looks at the limits
_LONG = 5000  # operators that one state may have closed, before it is looked at the limits
_CUT = 4  # operators that could be tried while a cut deals with one

State = tuple[int, int, tuple[int, ...]]  # its operators, bytes live in it, what can be added


class _Frame:
    """A state that is being explored.

    Attributes:
        operators: Those of the state; -1 before the first state.
        live: Bytes live in it.
        ready: What can be added to it.
        nexts: States that can follow, with the operators to add; the lowest first.
        at: Where the way that is being tried has come to; None: the next one is to be tried.
        way: Operators that it has added.
        blocked: The least cost of a step that did not fit.
    """

    __slots__ = ("at", "blocked", "live", "nexts", "operators", "ready", "way")

    def __init__(self, state: State, nexts: Iterator[tuple[State, tuple[int, ...]]], blocked: int):
        self.operators, self.live, self.ready = state
        self.nexts = nexts
        self.at: State | None = None
        self.way: list[int] = []
        self.blocked = blocked


class Search:
    """One search in one direction.

    Args:
        direction: The network, and how states grow.
        budget: Bytes that no step may exceed.
        known: States that are dead within some larger budget, and so within this one.

    Attributes:
        order: The order found, or None.
        complete: Whether every state was visited, so that no order is a proof.
        next_budget: The least budget above the given one for which the search might have gone
            differently: if it is complete without an order, a lower bound on the peak.
        states: How many states were explored.
        work: How many operators were tried, about.
        memory: Bytes that the states take, about.
    """

    __slots__ = (
        "_floors",
        "_looked",
        "_unlooked",
        "budget",
        "complete",
        "dead",
        "direction",
        "known",
        "memory",
        "next_budget",
        "order",
        "stack",
        "states",
        "valleys",
        "work",
    )

    def __init__(self, direction: Direction, budget: int, known: Set[int] = frozenset()) -> None:
        self.direction = direction
        self.budget = budget
        self.next_budget = direction.highest
        self.complete = False
        self.states = self.work = 0
        self._looked = 0  # what was tried until the last look at the limits
        self._unlooked = 0  # what one state took since then, where that is much
        self._floors: list[tuple[int, int]] = []  # see ``left``
        self.memory = 0
        self.order: list[int] | None = None
        self.known = known
        self.dead: set[int] = set()
        # state -> what takes its place, and the operators to add
        self.valleys: dict[int, tuple[State, tuple[int, ...]]] = {}
        self.stack: list[_Frame] = []

    def within(self, budget: int) -> "Search":
        """A search within a smaller budget, which takes over what is dead."""
        search = Search(self.direction, budget)
        search.dead = self.dead
        search.memory = self.memory
        return search

    def knowing(self, other: "Search") -> "Search":
        """This search, with what is dead in one of a larger budget."""
        self.dead |= other.dead
        self.memory += other.memory
        return self

    def run(self, quota: int, limits: Limits) -> "Search":
        """Explore up to ``quota`` states more.

        Raises:
            LimitReached: A limit was reached first.
        """
        last = self.states + quota
        stack, valleys, goal = self.stack, self.valleys, self.direction.goal
        dead, known = self.dead, self.known
        if not stack and not self.complete:
            stack.append(_Frame((-1, -1, ()), iter([self._first(limits)]), self.direction.highest))
        while stack:
            frame = stack[-1]
            if frame.at is None:
                following = next(frame.nexts, None)
                if following is None:
                    self._bury(frame)
                    continue
                frame.at, frame.way = following[0], list(following[1])
            state, live, ready = frame.at
            if live <= frame.live and (valley := self._valley(frame)):
                valleys[frame.operators] = valley
                stack.pop()
                self._go_on(stack[-1], valley)
            elif state in dead or state in known:
                frame.at = None
            elif state in valleys:
                self._go_on(frame, valleys[state])
            elif state == goal:
                self.order = [v for frame in stack for v in frame.way]
                if not self.direction.forward:
                    self.order.reverse()
                return self
            elif self.states == last:
                return self
            else:
                stack.append(self._explored(frame.at, limits))
                self.states += 1
                self.work += len(ready)
                while self._looked + CHECK_EVERY <= self.work:
                    self._looked += CHECK_EVERY
                    limits.check(self.memory)
        self.complete = True
        return self

    @property
    def left(self) -> float:
        """How many operators are to be tried yet, for a proof, as it went of late; at a guess.

        What is dead for good comes ever nearer to the first state, and the rest goes quicker for
        it. So it is seen how far that came while the second half of all was tried.
        """
        if not self._floors:
            return inf
        before = bisect_right(self._floors, (self.work // 2, 0)) - 1
        now = self._floors[-1][1]
        came = self._floors[max(before, 0)][1] - now
        return self.work / 2 * now / came if came else inf

    def _go_on(self, frame: _Frame, way: tuple[State, tuple[int, ...]]) -> None:
        frame.at = way[0]
        frame.way += way[1]

    def _bury(self, frame: _Frame) -> None:
        """The frame on top has no way to go on: a proof that its state has no solution."""
        self.next_budget = min(self.next_budget, frame.blocked)
        self.dead.add(frame.operators)
        self.memory += _DEAD_BYTES + len(self.direction.need) // 8
        self.stack.pop()
        if self.stack:
            self.stack[-1].at = None
        if not self._floors or len(self.stack) < self._floors[-1][1]:
            self._floors.append((self.work, len(self.stack)))

    def _first(self, limits: Limits) -> tuple[State, tuple[int, ...]]:
        """The empty state, closed.

        Raises:
            LimitReached: A limit was reached.
        """
        direction = self.direction
        ready = direction.ready
        if direction.first:
            return (0, direction.start, ready), ()
        state, live, moves = self._close(0, direction.start, list(ready), ready, limits)
        return (state, live, self._ready_after(ready, state, moves)), moves

    def _explored(self, at: State, limits: Limits) -> _Frame:
        """The frame of a state, with all that can follow it.

        Raises:
            LimitReached: A limit was reached.
        """
        state, live, ready = at
        budget, dead, known = self.budget, self.dead, self.known
        blocked = self.direction.highest
        self._unlooked = 0
        found: dict[int, tuple[int, tuple[int, ...]]] = {}
        for v in ready:
            change, cost = self._move(state, live, v)
            if cost > budget:
                blocked = min(blocked, cost)
                continue
            # The empty state need not be closed, so that all that is ready is looked at.
            affected = self._affected(state | 1 << v, v, change if state else -1, ready)
            target, remaining, moves = self._close(
                state | 1 << v, live + change, affected, ready, limits
            )
            if remaining <= live or not (target in dead or target in known):
                found[target] = remaining, (v, *moves)
        nexts = (
            ((target, remaining, self._ready_after(ready, target, added)), added)
            for target, (remaining, added) in sorted(found.items(), key=lambda item: item[1][0])
        )
        return _Frame(at, nexts, blocked)

    def _valley(self, frame: _Frame) -> tuple[State, tuple[int, ...]] | None:
        """What takes the place of a frame's state, since its way has come down; None: unknown.

        Whatever holds the first operator of the way has no less live than its end, as all that was
        added since were free moves and valleys. So only states without it are looked at.
        """
        direction = self.direction
        assert frame.at
        target, live, ready = frame.at
        added = target & ~frame.operators
        if direction.first and not frame.operators:
            return None
        first = frame.way[0]
        others = added & ~(direction.related[first] | 1 << first)
        if others & (others - 1) or (others and direction.saving):
            self.work += _CUT * others.bit_count()
            lowest, lower = lowest_between(direction, frame.operators, frame.operators | others)
            if frame.live - lower < live:
                if direction.saving and direction.forward:
                    return None
                if direction.cost_others(frame.operators, lowest):
                    return None
                way = tuple(v for v in frame.way if lowest >> v & 1)
                ready = self._ready_after(frame.ready, lowest, way)
                return (lowest, frame.live - lower, ready), way
        # A single other operator that is lower would have been a free move.
        if direction.cost_others(frame.operators, target):
            return None
        return frame.at, tuple(frame.way)

    def _move(self, state: int, live: int, v: int) -> tuple[int, int]:
        """By how much adding ``v`` changes what is live, and the bytes while it runs."""
        direction = self.direction
        forward = direction.forward
        unrun = ~state if forward else state
        change = direction.kept[v]
        for others, size in direction.shared[v]:
            if not others & unrun:
                change -= size
        if forward:
            cost = live + direction.step[v]
            if not state:
                cost += direction.first
        else:
            change = -change
            cost = live + change + direction.step[v]
        if direction.overlays[v]:
            cost -= direction.saved(unrun, v)
        return change, cost

    def _affected(self, state: int, v: int, change: int, ready: tuple[int, ...]) -> list[int]:
        """Operators that may have become free when ``v`` was added, giving ``state``.

        Those of ``ready`` that do not share a tensor with ``v`` only if less is live than before.
        """
        direction = self.direction
        need, upto = direction.need, direction.upto
        near = direction.near(v)
        return [w for w in (near + ready if change < 0 else near) if state & upto[w] == need[w]]

    def _close(
        self,
        state: int,
        live: int,
        candidates: list[int],
        ready: tuple[int, ...],
        limits: Limits,
    ) -> tuple[int, int, tuple[int, ...]]:
        """Make all free moves among ``candidates``, and those that become free by them.

        Raises:
            LimitReached: A limit was reached.
        """
        direction = self.direction
        self._unlooked += len(candidates)
        spared, budget = direction.spared, self.budget
        moves: list[int] = []
        blocked: list[int] = []
        while candidates:
            v = candidates.pop()
            if state >> v & 1:
                continue
            change, cost = self._move(state, live, v)
            if change > 0 or (spared[v] and direction.costs_others(state, v)):
                continue
            if cost > budget:
                # Looked at again when the state that this leads to is expanded.
                blocked.append(v)
                continue
            moves.append(v)
            state |= 1 << v
            live += change
            affected = self._affected(state, v, change, (*ready, *blocked))
            candidates += affected
            self._unlooked += len(affected)
            while self._unlooked > _LONG:
                self._unlooked -= _LONG
                limits.check(self.memory)
        return state, live, tuple(moves)

    def _ready_after(
        self, ready: tuple[int, ...], state: int, added: tuple[int, ...]
    ) -> tuple[int, ...]:
        """What is ready in ``state``, which came from one where ``ready`` was."""
        direction = self.direction
        need, upto = direction.need, direction.upto
        found = [w for w in ready if state & upto[w] == need[w]]
        for v in added:
            for w in direction.following[v]:
                if state & upto[w] == need[w] and w not in found:
                    found.append(w)
        return tuple(found)
