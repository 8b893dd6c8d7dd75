"""Search for an order whose peak stays within a budget, or for the proof that there is none.

States are visited by the number of operators that they hold, at most ``width`` of each number: a
beam. If it never had to leave a state out, its failure is a proof. Let L be what is live in a
state; L is submodular on downsets, and two rules drop most states without losing any solution:

*Free move.* An operator that fits the budget and after which no more is live than before can be
added at once. Every state is closed under such moves.

*Valley.* If adding some operator, and closing, leads from S to T with L(T) <= L(S), then T is the
only state that need be visited after S, provided that no state between them has less live than T.
A state U between them that lacked the operator could only consist of S and the operators that are
in T without depending on the one added; a single such operator would have been a free move (unless
it fits only later, when it can run in place).

Both rules follow from L(A | B) + L(A & B) <= L(A) + L(B): the rest of any solution can be joined
with (backwards: intersected with) T, and no step of it becomes dearer. In place, joining keeps
that true, as what T adds can only make more inputs die; intersecting does not, so that backwards
the operators on which some in-place pair depends are neither moved for free nor part of a valley.
While bytes are live for the first operator only, the empty state is no ordinary state: forwards it
is expanded by every operator, backwards such a network is not searched.
"""

from mcugraph.memory.direction import Direction
from mcugraph.memory.limits import Limits

_STATE_BYTES = 500  # about what one state takes, tables included
_CHECK_EVERY = 128

# state -> bytes live in it, and what can be added to it
Level = dict[int, tuple[int, tuple[int, ...]]]
# state before closing -> state, bytes live in it, what can be added, the free moves made
Closed = dict[int, tuple[int, int, tuple[int, ...], tuple[int, ...]]]


class Search:
    """One search in one direction.

    Attributes:
        order: The order found, or None.
        complete: Whether no state was left out.
        next_budget: The least budget above the given one for which the search would have gone
            differently: without an order, and if ``complete``, a lower bound on the peak.
        states: How many states were expanded.
    """

    __slots__ = ("budget", "complete", "direction", "next_budget", "order", "origin", "states")

    def __init__(self, direction: Direction, budget: int, width: int, limits: Limits) -> None:
        self.direction = direction
        self.budget = budget
        self.next_budget = 1 << 62
        self.complete = True
        self.states = 0
        self.order: list[int] | None = None
        # state -> the state it came from, and the operators added since
        self.origin: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._run(width, limits)

    def _run(self, width: int, limits: Limits) -> None:
        direction = self.direction
        levels: list[Level] = [{} for _ in range(len(direction.need) + 1)]
        state, live, ready, moves = 0, direction.start, direction.ready, ()
        if not direction.first:
            state, live, ready, moves = self._close(state, live, ready)
        self.origin[state] = (-1, moves)
        levels[state.bit_count()][state] = (live, ready)
        for count, level in enumerate(levels):
            levels[count] = {}
            if direction.goal in level:
                self.order = self._trace()
                return
            kept = list(level.items())
            if len(kept) > width:
                self.complete = False
                kept.sort(key=lambda item: item[1][0])
                del kept[width:]
            closed: Closed = {}
            for state, (live, ready) in kept:
                self.states += 1
                if self.states % _CHECK_EVERY == 0:
                    limits.check(len(self.origin) * _STATE_BYTES)
                self._expand(state, live, ready, closed, levels)

    def _expand(
        self, state: int, live: int, ready: tuple[int, ...], closed: Closed, levels: list[Level]
    ) -> None:
        """Add to the levels what can follow a state."""
        budget = self.budget
        found = []
        for v in ready:
            change, cost = self._move(state, live, v)
            if cost > budget:
                if cost < self.next_budget:
                    self.next_budget = cost
                continue
            raw = state | 1 << v
            entry = closed.get(raw)
            if entry is None:
                after = self._ready_after(ready, raw, v)
                entry = closed[raw] = self._close(raw, live + change, after)
            if entry[1] <= live and self._is_valley(state, entry[0], v):
                found = [(v, entry)]
                break
            found.append((v, entry))
        for v, (target, remaining, after, moves) in found:
            if target not in self.origin:
                self.origin[target] = (state, (v, *moves))
                levels[target.bit_count()][target] = (remaining, after)

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
        if direction.pairs[v]:
            cost -= direction.saved(unrun, v)
        return change, cost

    def _close(
        self, state: int, live: int, ready: tuple[int, ...]
    ) -> tuple[int, int, tuple[int, ...], tuple[int, ...]]:
        """Make all free moves."""
        fixed = self.direction.fixed
        moves: list[int] = []
        moved = True
        while moved:
            moved = False
            for v in ready:
                change, cost = self._move(state, live, v)
                if change > 0 or fixed >> v & 1:
                    continue
                if cost > self.budget:
                    if cost < self.next_budget:
                        self.next_budget = cost
                    continue
                moves.append(v)
                state |= 1 << v
                live += change
                ready = self._ready_after(ready, state, v)
                moved = True
                break
        return state, live, ready, tuple(moves)

    def _ready_after(self, ready: tuple[int, ...], state: int, v: int) -> tuple[int, ...]:
        """What is ready in ``state``, to which ``v`` was added last."""
        need = self.direction.need
        missing = ~state
        return tuple(
            [w for w in ready if w != v]
            + [w for w in self.direction.following[v] if not need[w] & missing]
        )

    def _is_valley(self, state: int, target: int, v: int) -> bool:
        """Whether no state between the two can have less live than ``target``."""
        direction = self.direction
        added = target & ~state
        if added & direction.fixed or (direction.first and not state):
            return False
        independent = added & ~(direction.related[v] | 1 << v)
        if direction.in_place:
            return not independent
        return not independent & (independent - 1)

    def _trace(self) -> list[int]:
        """The order that leads to the goal, from the states on its way."""
        order: list[int] = []
        state = self.direction.goal
        while state >= 0:
            state, moves = self.origin[state]
            order += reversed(moves)
        return order[::-1] if self.direction.forward else order
