"""A problem in the form that the solvers compute with.

Only what changes the answer is kept: tensors that take bytes, direct precedence between
operators, what one step allocates and what it may free.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mcugraph.scheduling.problem import Problem

OUTSIDE = -1  # the producer of a tensor that is live from the start


@dataclass(frozen=True, slots=True)
class Network:
    """Operators 0..n-1 and the tensors whose life depends on their order.

    Attributes:
        preds: For each operator, those that must run before it, directly.
        succs: The same relation backwards.
        sizes: Bytes of each tensor; none is 0.
        producer: Operator that writes the tensor, or ``OUTSIDE``.
        consumers: Operators that read the tensor.
        keep: Whether the tensor stays to the end.
        frees: For each operator, the tensors that die if it is their last reader.
        step: Bytes that the operator adds while it runs: all its outputs and its scratch.
        kept: Bytes that it adds after it ran: outputs that somebody reads later, or kept ones.
        pairs: For each operator, the in-place pairs (input, output, bytes saved) that some order
            may use; the outputs are numbers that are not tensors of the network.
        constant: Bytes that are live all the time.
        first: Bytes that are live, besides, only while the first operator runs.
        start: Bytes live before any operator ran, without ``first``.
    """

    preds: tuple[tuple[int, ...], ...]
    succs: tuple[tuple[int, ...], ...]
    sizes: tuple[int, ...]
    producer: tuple[int, ...]
    consumers: tuple[tuple[int, ...], ...]
    keep: tuple[bool, ...]
    frees: tuple[tuple[int, ...], ...]
    step: tuple[int, ...]
    kept: tuple[int, ...]
    pairs: tuple[tuple[tuple[int, int, int], ...], ...]
    constant: int
    first: int
    start: int

    @classmethod
    def from_problem(cls, problem: Problem) -> "Network":
        """Translate a (verified) problem."""
        n = len(problem.operators)
        writer = {t: i for i, written in enumerate(problem.outputs) for t in written}
        readers: list[list[int]] = [[] for _ in problem.tensors]
        for index, read in enumerate(problem.inputs):
            for tensor in read:
                readers[tensor].append(index)
        sizes = list(problem.sizes)
        if not problem.count_inputs:
            for tensor in problem.graph_inputs:
                sizes[tensor] = 0
        outputs = set(problem.graph_outputs)

        edges = {(writer[t], i) for t in writer for i in readers[t]} | set(problem.after)
        step = [sum(sizes[t] for t in written) for written in problem.outputs]
        if problem.scratch:
            step = [a + b for a, b in zip(step, problem.scratch, strict=True)]
        constant = first = 0
        tensors: list[int] = []
        for tensor, size in enumerate(sizes):
            kept = tensor in outputs
            if tensor in writer or (readers[tensor] and not kept):
                if size and (readers[tensor] or kept):
                    tensors.append(tensor)
            elif kept:
                constant += size
            else:
                first += size
        number = {tensor: new for new, tensor in enumerate(tensors)}
        pairs = tuple(
            tuple(
                (number[a], b, sizes[b])
                for a, b in (problem.inplace[index] if problem.inplace else ())
                if a not in outputs and 0 < sizes[b] <= sizes[a]
            )
            for index in range(n)
        )
        return assemble(
            n=n,
            edges=edges,
            sizes=[sizes[t] for t in tensors],
            producer=[writer.get(t, OUTSIDE) for t in tensors],
            consumers=[readers[t] for t in tensors],
            keep=[t in outputs for t in tensors],
            step=step,
            pairs=pairs,
            constant=constant,
            first=first,
        )


def assemble(
    *,
    n: int,
    edges: Iterable[tuple[int, int]],
    sizes: Sequence[int],
    producer: Sequence[int],
    consumers: Sequence[Sequence[int]],
    keep: Sequence[bool],
    step: Sequence[int],
    pairs: tuple[tuple[tuple[int, int, int], ...], ...],
    constant: int,
    first: int,
) -> Network:
    """A network from its independent parts; the rest follows."""
    preds: list[list[int]] = [[] for _ in range(n)]
    succs: list[list[int]] = [[] for _ in range(n)]
    for a, b in sorted(edges):
        preds[b].append(a)
        succs[a].append(b)
    frees: list[list[int]] = [[] for _ in range(n)]
    kept = [0] * n
    start = constant
    for tensor, size in enumerate(sizes):
        if producer[tensor] == OUTSIDE:
            start += size
        else:
            kept[producer[tensor]] += size
        if not keep[tensor]:
            for reader in consumers[tensor]:
                frees[reader].append(tensor)
    return Network(
        preds=tuple(map(tuple, preds)),
        succs=tuple(map(tuple, succs)),
        sizes=tuple(sizes),
        producer=tuple(producer),
        consumers=tuple(map(tuple, consumers)),
        keep=tuple(keep),
        frees=tuple(map(tuple, frees)),
        step=tuple(step),
        kept=tuple(kept),
        pairs=pairs,
        constant=constant,
        first=first,
        start=start,
    )


def mask(operators: Iterable[int]) -> int:
    """A set of operators as an integer, one bit an operator."""
    result = 0
    for v in operators:
        result |= 1 << v
    return result


def saved_bytes(pairs: Sequence[tuple[int, int, int]]) -> int:
    """Most bytes that in-place pairs save together, each tensor being in one pair at most.

    The outputs that can be matched at once form a matroid, so the largest first is best; each is
    matched by an augmenting path.
    """
    if len(pairs) <= 1:
        return pairs[0][2] if pairs else 0
    sources: dict[int, list[int]] = {}
    weight: dict[int, int] = {}
    for source, target, size in pairs:
        sources.setdefault(target, []).append(source)
        weight[target] = size
    user: dict[int, int] = {}  # the output that takes over each input
    total = 0
    for target in sorted(weight, key=weight.__getitem__, reverse=True):
        reached: dict[int, int] = {}  # input -> the output from which the search reached it
        queue = [target]
        for output in queue:
            for source in sources[output]:
                if source not in reached:
                    reached[source] = output
                    if source not in user:
                        _augment(user, reached, source, target)
                        total += weight[target]
                        break
                    queue.append(user[source])
            else:
                continue
            break
    return total


def _augment(user: dict[int, int], reached: dict[int, int], source: int, target: int) -> None:
    """Shift the matching along the path that ends at a free input."""
    while True:
        output = reached[source]
        previous = next((s for s, o in user.items() if o == output), None)
        user[source] = output
        if output == target or previous is None:
            return
        source = previous
