"""In-place pairs that save the most: the matching that schedulers and planners share."""

from collections.abc import Sequence

Pair = tuple[int, int, int]  # input, output, bytes saved


def saved_bytes(pairs: Sequence[Pair]) -> int:
    """Most bytes that in-place pairs save together, each tensor being in one pair at most."""
    if len(pairs) <= 1:
        return pairs[0][2] if pairs else 0
    weight = {target: size for _, target, size in pairs}
    return sum(weight[target] for _, target in best_pairs(pairs))


def best_pairs(pairs: Sequence[Pair]) -> list[tuple[int, int]]:
    """Of the pairs, those that save the most together, as (input, output).

    All pairs of one output save the same. The outputs that can be matched at once form a matroid,
    so the largest first is best; each is matched by an augmenting path.
    """
    sources: dict[int, list[int]] = {}
    weight: dict[int, int] = {}
    for source, target, size in pairs:
        sources.setdefault(target, []).append(source)
        weight[target] = size
    user: dict[int, int] = {}  # the output that takes over each input
    for target in sorted(weight, key=weight.__getitem__, reverse=True):
        _augment(user, sources, target)
    return list(user.items())


def _augment(user: dict[int, int], sources: dict[int, list[int]], target: int) -> None:
    """Match one more output, if the others can move so that there is an input left for it."""
    reached: dict[int, int] = {}  # input -> the output from which the search reached it
    queue = [target]
    for output in queue:
        for source in sources[output]:
            if source in reached:
                continue
            reached[source] = output
            if source in user:
                queue.append(user[source])
                continue
            # A free input: every output on the path takes the input after its own.
            taken = {held: free for free, held in user.items()}
            while True:
                output = reached[source]
                user[source] = output
                if output == target:
                    return
                source = taken[output]
