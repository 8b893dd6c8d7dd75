"""The two ways to build an order: from its first operator on, or from its last one back.

Either way a state is a set of operators held as a Python integer, one bit an operator: what has
run (forwards) or what has not yet (backwards). Networks join more than they fork, so a state that
is built backwards usually has far fewer ways to go on.
"""

from mcugraph.scheduling.solving.network import (
    OUTSIDE,
    Network,
    ancestor_masks,
    descendant_masks,
    end_bytes,
    highest_cost,
    mask,
)
from mcugraph.scheduling.solving.overlay import covered_bytes


class Direction:
    """A network as the search sees it when it grows states in one direction.

    Attributes:
        forward: Whether a state holds what has run; else what has not yet.
        need: For each operator, what must be in the state before it can be added.
        following: For each operator, those that adding it may make ready.
        related: For each operator, those that can only be added after it, however indirectly.
        goal: The state that holds every operator.
        start: Bytes that are live in the empty state.
        ready: What can be added to the empty state.
        step: Bytes that each operator adds while it runs.
        kept: Bytes that it adds once it ran, less the tensors that it alone reads.
        shared: Other tensors that it reads: (mask of the other readers, bytes).
        upto: For each operator, what it needs and itself.
        overlays: Of each operator: (mask of the input's other readers, overlay).
        lost: Backwards, of each input that outputs may lie over: its readers, and whose outputs.
        spared: Of each operator, the readers of such inputs that it reads, if there are others.
        saving: Whether there are any.
        first: Bytes that are live, besides, while the first operator runs.
        highest: Bytes that no order can need.
        net: The network.
    """

    __slots__ = (
        "_near",
        "_touched",
        "first",
        "following",
        "forward",
        "goal",
        "highest",
        "kept",
        "lost",
        "need",
        "net",
        "overlays",
        "ready",
        "related",
        "saving",
        "shared",
        "spared",
        "start",
        "step",
        "upto",
    )

    def __init__(self, net: Network, forward: bool) -> None:
        n = len(net.preds)
        self.net, self.forward = net, forward
        self._touched: list[list[int]] | None = None
        needed, self.following = (net.preds, net.succs) if forward else (net.succs, net.preds)
        self.need = [mask(operators) for operators in needed]
        self.related = descendant_masks(net) if forward else ancestor_masks(net)
        self.goal = (1 << n) - 1
        self.ready = tuple(v for v, operators in enumerate(needed) if not operators)
        self.step = net.step
        self.first = net.first
        self.highest = highest_cost(net)
        readers = [mask(consumers) for consumers in net.consumers]
        self.kept = list(net.kept)
        self.shared: list[list[tuple[int, int]]] = []
        for v, tensors in enumerate(net.frees):
            bytes_of: dict[int, int] = {}
            for tensor in tensors:
                others = readers[tensor] & ~(1 << v)
                bytes_of[others] = bytes_of.get(others, 0) + net.sizes[tensor]
            self.kept[v] -= bytes_of.pop(0, 0)
            self.shared.append(list(bytes_of.items()))
        self.upto = [1 << v | operators for v, operators in enumerate(self.need)]
        self._near: dict[int, tuple[int, ...]] = {}
        self.overlays = [
            [(readers[overlay.input] & ~(1 << v), overlay) for overlay in overlays]
            for v, overlays in enumerate(net.overlays)
        ]
        self.saving = any(self.overlays)
        self.start = net.start if forward else end_bytes(net)
        self.lost: list[tuple[int, int]] = []
        self.spared: list[list[int]] = [[] for _ in needed]
        if self.saving and not forward:
            over: dict[int, int] = {}  # by input: who may lie over it
            for v, overlays in enumerate(net.overlays):
                for overlay in overlays:
                    over[overlay.input] = over.get(overlay.input, 0) | 1 << v
            self.lost = [(readers[tensor], operators) for tensor, operators in over.items()]
            for tensor, operators in over.items():
                for v in net.consumers[tensor]:
                    if operators & ~(1 << v):
                        self.spared[v].append(readers[tensor])

    def near(self, v: int) -> tuple[int, ...]:
        """Those for which adding ``v`` may change what they cost, or make them ready."""
        if v not in self._near:
            net = self.net
            readers = {w for tensor in net.frees[v] for w in net.consumers[tensor]} - {v}
            self._near[v] = (*readers, *self.following[v])
        return self._near[v]

    @property
    def touched(self) -> list[list[int]]:
        """The tensors that each operator reads or writes."""
        if self._touched is None:
            self._touched = [[] for _ in self.need]
            ends = zip(self.net.producer, self.net.consumers, strict=True)
            for tensor, (producer, consumers) in enumerate(ends):
                for v in consumers if producer == OUTSIDE else (producer, *consumers):
                    self._touched[v].append(tensor)
        return self._touched

    def saved(self, unrun: int, v: int) -> int:
        """Bytes that ``v`` saves when the operators ``unrun`` have not run."""
        return covered_bytes(
            [overlay for others, overlay in self.overlays[v] if not others & unrun]
        )

    def costs_others(self, state: int, v: int) -> bool:
        """Whether some operator can no longer save, or not as much, once ``v`` is in the state.

        Backwards, an input dies with an operator while none of its readers is in the state.
        """
        return any(not readers & state for readers in self.spared[v])

    def cost_others(self, state: int, target: int) -> bool:
        """The same of all that is added to ``state`` to make ``target``, for what is in neither."""
        return any(
            not readers & state and readers & target and operators & ~target
            for readers, operators in self.lost
        )
