"""Pareto fronts: points that no other is at least as good as in everything.

All coordinates are minimised. Sorting and crowding follow NSGA-II (Deb et al., 2002).
"""

from collections.abc import Sequence

import numpy as np

from mcugraph.ir import Array

Point = Sequence[float]


def front_of(points: Sequence[Point]) -> list[int]:
    """Which points none dominates, in their order; of equal ones each."""
    return [i for i, rank in enumerate(ranks_of(points)) if rank == 0]


def ranks_of(points: Sequence[Point]) -> list[int]:
    """The front of each point: 0 the first, 1 what is the front without those, and so on."""
    if not points:
        return []
    table = np.asarray(points, dtype=float)
    # beaten[i, j]: i is no worse than j in anything, and better in something.
    no_worse: Array = np.all(table[:, None] <= table[None], axis=2)
    beaten = no_worse & ~no_worse.T
    by = beaten.sum(axis=0)
    ranks, rank = np.full(len(points), -1), 0
    while (ranks < 0).any():
        best = (by == 0) & (ranks < 0)
        ranks[best] = rank
        by = by - beaten[best].sum(axis=0)
        rank += 1
    return [int(rank) for rank in ranks]


def crowding(points: Sequence[Point]) -> list[float]:
    """How far the neighbours of each point are from one another, along all axes together.

    Points at the ends of an axis are at infinity.
    """
    far = [0.0] * len(points)
    for axis in range(len(points[0]) if points else 0):
        order = sorted(range(len(points)), key=lambda i: points[i][axis])
        low, high = points[order[0]][axis], points[order[-1]][axis]
        far[order[0]] = far[order[-1]] = float("inf")
        if high > low:
            for before, i, after in zip(order, order[1:], order[2:], strict=False):
                far[i] += (points[after][axis] - points[before][axis]) / (high - low)
    return far


def hypervolume(points: Sequence[Point], reference: Point) -> float:
    """The volume that points dominate, up to a reference point: the larger, the better.

    By slices along the last axis; for some hundred points of up to five axes.
    """
    inside = [tuple(p) for p in points if all(x < r for x, r in zip(p, reference, strict=True))]
    if not inside:
        return 0.0
    if len(reference) == 1:
        return float(reference[0] - min(p[0] for p in inside))
    volume, held = 0.0, []
    inside.sort(key=lambda p: p[-1])
    for i, point in enumerate(inside):
        held.append(point[:-1])
        end = inside[i + 1][-1] if i + 1 < len(inside) else reference[-1]
        if end > point[-1]:
            held = [held[j] for j in front_of(held)]
            volume += hypervolume(held, reference[:-1]) * (end - point[-1])
    return float(volume)
