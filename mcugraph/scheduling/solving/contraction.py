"""A smaller network with the same least peak: operators between which nothing is worth a pause.

Where the only successor of an operator has no other predecessor, and what it frees nobody else
reads, the two follow each other in some best order whenever

- the first leaves no less live than it found, and needs no more than the second: then it can wait
  for the second; or
- the second leaves no more live than it found, and needs no more than the first: then it can follow
  at once.

What is left of a chain are its hills and valleys (Liu, "An application of generalized tree pebbling
to sparse matrix factorization", 1987).
"""

from collections.abc import Sequence

from mcugraph.records import dataclass
from mcugraph.scheduling.solving.network import Network, grouped


@dataclass(frozen=True, slots=True)
class _Piece:
    """Operators that run without a pause.

    Attributes:
        operators: By number, as they run.
        hill: Bytes that they add at most while they run.
        change: Bytes that they add once they ran; at most, where somebody else reads their inputs.
        private: Whether nobody else reads what they free.
    """

    operators: tuple[int, ...]
    hill: int
    change: int
    private: bool

    def then(self, other: "_Piece") -> "_Piece | None":
        """Both pieces as one, if a pause between them is worth nothing."""
        hill = self.change + other.hill
        waits = self.private and self.change >= 0 and self.hill <= hill
        follows = other.change <= 0 and hill <= self.hill
        if not (waits or follows):
            return None
        return _Piece(
            self.operators + other.operators,
            max(self.hill, hill),
            self.change + other.change,
            self.private,
        )


def contracted(net: Network) -> tuple[Network, list[tuple[int, ...]]]:
    """The smaller network, and for each of its operators those that it stands for."""
    pieces = _pieces(net)
    if len(pieces) == len(net.preds):
        return net, [piece.operators for piece in pieces]
    operators = [piece.operators for piece in pieces]
    return grouped(net, operators, [piece.hill for piece in pieces], net.first), operators


def _pieces(net: Network) -> list[_Piece]:
    """The pieces of all chains, in an order that is valid for the network."""
    alone = [_alone(net, v) for v in range(len(net.preds))]
    following = {
        u: v
        for v, preds in enumerate(net.preds)
        if len(preds) == 1
        and len(net.succs[u := preds[0]]) == 1
        and alone[v].private
        and not net.overlays[u]
        and not net.overlays[v]
        and not (net.first and not net.preds[u])
    }
    heads = set(range(len(net.preds))) - set(following.values())
    found: list[_Piece] = []
    for v in heads:
        chain = [alone[v]]
        while v in following:
            v = following[v]
            piece = alone[v]
            while chain and (both := chain[-1].then(piece)):
                piece = both
                chain.pop()
            chain.append(piece)
        found += chain
    return sorted(found, key=lambda piece: piece.operators)


def _alone(net: Network, v: int) -> _Piece:
    change, private = net.kept[v], True
    for tensor in net.frees[v]:
        if len(net.consumers[tensor]) == 1:
            change -= net.sizes[tensor]
        else:
            private = False
    return _Piece((v,), net.step[v], change, private)


def expanded(order: Sequence[int], pieces: Sequence[Sequence[int]]) -> list[int]:
    """An order of the network, from one of the smaller network."""
    return [v for number in order for v in pieces[number]]
