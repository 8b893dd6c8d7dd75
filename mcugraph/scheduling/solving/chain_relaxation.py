"""A smaller network that needs no more than a given one: private chains as one operator each.

Say that an operator x reads only what the operator v before it wrote for it alone, and that no more
is live after x than before. In any order, move x to right after v: no other step becomes dearer.
Only that of x itself may, so it is left out. What the smaller network needs at the least is then a
lower bound of what the given one needs.

The step of x counts where v, too, changes what is live by an amount of its own and leaves no less
live: if x were dearer right after v, then v could as well wait until right before x (J. W. H. Liu,
"An application of generalized tree pebbling to sparse matrix factorization", 1987).

What other operators save is the same wherever x stands, or v in the second case: nobody else reads
what these read. So the first operator of a chain keeps its overlays, and no other has any.
"""

from collections.abc import Collection, Sequence

from mcugraph.scheduling.solving.chains import PrivateChain, private_chains
from mcugraph.scheduling.solving.network import Network, grouped


def relaxed_chains(
    net: Network, apart: Collection[int] = ()
) -> tuple[Network, list[tuple[int, ...]]]:
    """The network of the private chains of ``net``, and the operators of each of its operators.

    It is ``net`` itself if there is none. Operators that are ``apart`` only ever begin a chain: to
    take fewer operators as one leaves out less.
    """
    chains = private_chains(net, apart)
    if len(chains) in (0, len(net.preds)):
        return net, [(v,) for v in range(len(net.preds))]
    operators = [chain.operators for chain in chains]
    return grouped(net, operators, [_step(net, chain) for chain in chains], first=0), operators


def chain_order(members: Sequence[Sequence[int]], order: Sequence[int]) -> list[int]:
    """The order of the chains in which their first operators stand in an order of all."""
    place = {v: position for position, v in enumerate(order)}
    return sorted(range(len(members)), key=lambda i: place[members[i][0]])


def _step(net: Network, chain: PrivateChain) -> int:
    """Bytes that a chain adds at the most while it runs, as far as they count."""
    head, *others = chain.operators
    step = net.step[head]
    private = all(len(net.consumers[tensor]) == 1 for tensor in net.frees[head])
    change = net.kept[head] - sum(net.sizes[tensor] for tensor in net.frees[head])
    for v in others if private else ():
        if change < 0 and net.step[v] > step:
            break
        step = max(step, change + net.step[v])
        change += net.kept[v] - net.sizes[net.frees[v][0]]
    return step
