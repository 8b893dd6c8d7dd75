"""Search for an order whose peak stays within a budget, or for the proof that there is none.

States are kept by the number of operators that they hold. A few of each number are expanded in
turn, those with the least live first, so that the search soon dives to an order if there is one,
and has visited every state once if there is none. Let L be what is live in a state; L is
submodular on downsets, and two rules drop most states without losing any solution:

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

from heapq import heappop, heappush

from mcugraph.scheduling.direction import Direction
from mcugraph.scheduling.limits import Limits

_STATE_BYTES = 450  # about what one state takes, tables included, besides its mask and tuples
_CLOSED_BYTES = 300  # the same for one that was closed
_CHECK_EVERY = 1000  # operators tried
_BATCH = 8  # most states that are expanded on one level before the next level's turn


class Search:
    """One search in one direction.

    Attributes:
        order: The order found, or None.
        complete: Whether every state was visited, so that no order is a proof.
        next_budget: The least budget above the given one for which the search would have gone
            differently: if it is complete without an order, a lower bound on the peak.
        states: How many states were expanded.
        memory: Bytes that the states take, about.
    """

    __slots__ = (
        "budget",
        "closed",
        "complete",
        "direction",
        "levels",
        "memory",
        "next_budget",
        "order",
        "origin",
        "states",
    )

    def __init__(self, direction: Direction, budget: int) -> None:
        self.direction = direction
        self.budget = budget
        self.next_budget = direction.highest
        self.complete = False
        self.states = 0
        self.memory = 0
        self.order: list[int] | None = None
        # state -> the state it came from, and the operators added since
        self.origin: dict[int, tuple[int, tuple[int, ...]]] = {}
        # state before closing -> state, bytes live in it, the free moves between them
        self.closed: dict[int, tuple[int, int, tuple[int, ...]]] = {}
        # by number of operators, a heap of (bytes live, state, what can be added)
        self.levels: list[list[tuple[int, int, tuple[int, ...]]]] = [
            [] for _ in range(len(direction.need) + 1)
        ]

    def run(self, quota: int, limits: Limits) -> "Search":
        """Visit about ``quota`` states; only the first call of a search does anything.

        Raises:
            LimitReached: A limit was reached first.
        """
        self._visit(quota, limits)
        self.origin.clear()
        self.closed.clear()
        self.levels.clear()
        return self

    def _visit(self, quota: int, limits: Limits) -> None:
        direction = self.direction
        if direction.first:
            self._push(0, direction.start, direction.ready, -1, ())
        else:
            state, live, moves = self._close(
                0, direction.start, list(direction.ready), direction.ready
            )
            self._push(state, live, self._ready_after(direction.ready, state, moves), -1, moves)
        work = 0
        batch = 1  # the first dive is narrow: where the budget is ample, it succeeds
        while not self.complete and self.states < quota:
            self.complete = True
            for level in self.levels:
                for _ in range(min(batch, len(level))):
                    live, state, ready = heappop(level)
                    self._expand(state, live, ready)
                    if direction.goal in self.origin:
                        self.order = self._trace()
                        return
                    self.states += 1
                    work += len(ready)
                    if work >= _CHECK_EVERY:
                        work = 0
                        limits.check(self.memory)
                if level:
                    self.complete = False
            batch = min(_BATCH, 2 * batch)

    def _expand(self, state: int, live: int, ready: tuple[int, ...]) -> None:
        """Visit what can follow a state."""
        budget, origin, closed = self.budget, self.origin, self.closed
        found: list[tuple[int, int, int, tuple[int, ...]]] = []
        moves: tuple[int, ...]
        for v in ready:
            change, cost = self._move(state, live, v)
            if cost > budget:
                if cost < self.next_budget:
                    self.next_budget = cost
                continue
            raw = state | 1 << v
            if raw in origin:
                target, remaining, moves = raw, live + change, ()
            elif raw in closed:
                target, remaining, moves = closed[raw]
            else:
                # The empty state need not be closed, so that all that is ready is looked at.
                affected = self._affected(raw, v, change if state else -1, ready)
                target, remaining, moves = self._close(raw, live + change, affected, ready)
                if moves:
                    closed[raw] = target, remaining, moves
                    self.memory += _CLOSED_BYTES + len(self.levels) // 4
            if remaining <= live and self._is_valley(state, target, v):
                found = [(target, remaining, v, moves)]
                break
            found.append((target, remaining, v, moves))
        for target, remaining, v, moves in found:
            if target not in origin:
                added = (v, *moves)
                self._push(target, remaining, self._ready_after(ready, target, added), state, added)

    def _push(
        self, state: int, live: int, ready: tuple[int, ...], source: int, added: tuple[int, ...]
    ) -> None:
        """A new state, reached from ``source`` by the operators ``added``."""
        self.origin[state] = (source, added)
        self.memory += _STATE_BYTES + len(self.levels) // 8 + 8 * (len(ready) + len(added))
        heappush(self.levels[state.bit_count()], (live, state, ready))

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

    def _affected(self, state: int, v: int, change: int, ready: tuple[int, ...]) -> list[int]:
        """Operators that may have become free when ``v`` was added, giving ``state``.

        Those of ``ready`` that do not share a tensor with ``v`` only if less is live than before.
        """
        direction = self.direction
        candidates = [*direction.sharers[v], *direction.following[v]]
        if change < 0:
            candidates += ready
        missing = ~state
        need = direction.need
        return [w for w in candidates if missing >> w & 1 and not need[w] & missing]

    def _close(
        self, state: int, live: int, candidates: list[int], ready: tuple[int, ...]
    ) -> tuple[int, int, tuple[int, ...]]:
        """Make all free moves among ``candidates``, and those that become free by them."""
        direction = self.direction
        fixed, budget = direction.fixed, self.budget
        moves: list[int] = []
        blocked: list[int] = []
        while candidates:
            v = candidates.pop()
            if state >> v & 1:
                continue
            change, cost = self._move(state, live, v)
            if change > 0 or fixed >> v & 1:
                continue
            if cost > budget:
                # Looked at again when the state that this leads to is expanded.
                blocked.append(v)
                continue
            moves.append(v)
            state |= 1 << v
            live += change
            candidates += self._affected(state, v, change, (*ready, *blocked))
        return state, live, tuple(moves)

    def _ready_after(
        self, ready: tuple[int, ...], state: int, added: tuple[int, ...]
    ) -> tuple[int, ...]:
        """What is ready in ``state``, which came from one where ``ready`` was."""
        need, following = self.direction.need, self.direction.following
        missing = ~state
        found = [w for w in ready if missing >> w & 1]
        for v in added:
            for w in following[v]:
                if missing >> w & 1 and not need[w] & missing and w not in found:
                    found.append(w)
        return tuple(found)

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
