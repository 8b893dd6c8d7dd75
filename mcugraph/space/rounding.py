"""The nearest integer widths that keep what has to stay equal.

Feasible widths are the points of a lattice in a box: w = full + N z, where the columns of N span
the integer solutions of A w = 0. The nearest one to given real widths is found by enumeration in
the order of Schnorr and Euchner, nearest first, one component of connected constraints at a time.
"""

from collections.abc import Iterator
from itertools import count

import numpy as np

from mcugraph.ir import Array

_NODES = 50_000  # after so many nodes of one component, the best point so far is taken


def nearest(given: Array, full: Array, constraints: Array) -> Array:
    """The integer w nearest to the given one, with 1 <= w <= full and A (w - full) = 0.

    Args:
        given: Real widths, shape (groups,); what lies outside of the box counts as its edge.
        full: Upper bounds, at which the constraints hold, shape (groups,).
        constraints: A, integers, shape (constraints, groups).
    """
    wanted = np.clip(given, 1, full)
    result: Array = np.rint(wanted).astype(np.int64)
    for rows, columns in components(constraints):
        basis = reduced(kernel(constraints[np.ix_(rows, columns)]))
        result[columns] = _closest(wanted[columns], full[columns], basis)
    return result


def components(matrix: Array) -> list[tuple[list[int], list[int]]]:
    """Rows and columns of the parts of a matrix that have nothing to do with each other."""
    left = {i: set(np.flatnonzero(row).tolist()) for i, row in enumerate(matrix) if row.any()}
    found = []
    while left:
        first, columns = left.popitem()
        rows = [first]
        while near := [i for i, other in left.items() if other & columns]:
            for i in near:
                columns |= left.pop(i)
                rows.append(i)
        found.append((sorted(rows), sorted(columns)))
    return found


def kernel(matrix: Array) -> Array:
    """Integer columns that span all integer solutions of matrix @ x = 0."""
    work = matrix.astype(object)
    basis = np.eye(matrix.shape[1], dtype=object)
    done = 0
    for row in work:
        # Euclid's algorithm on whole columns leaves one entry of the row that is not 0.
        while len(places := [j for j in range(done, len(row)) if row[j]]) > 1:
            least = min(places, key=lambda j: abs(row[j]))
            for j in places:
                if j != least:
                    times = row[j] // row[least]
                    work[:, j] -= times * work[:, least]
                    basis[:, j] -= times * basis[:, least]
        if places:
            for array in (work, basis):
                array[:, [done, places[0]]] = array[:, [places[0], done]]
            done += 1
    return basis[:, done:].astype(np.int64)


def reduced(basis: Array) -> Array:
    """Shorter columns that span the same lattice (Lenstra, Lenstra and Lovász)."""
    columns = basis.copy()
    k = 1
    while k < columns.shape[1]:
        for j in range(k - 1, -1, -1):
            triangle = np.linalg.qr(columns[:, : k + 1].astype(np.float64))[1]
            columns[:, k] -= int(np.rint(triangle[j, k] / triangle[j, j])) * columns[:, j]
        triangle = np.linalg.qr(columns[:, : k + 1].astype(np.float64))[1]
        if triangle[k, k] ** 2 + triangle[k - 1, k] ** 2 >= 0.75 * triangle[k - 1, k - 1] ** 2:
            k += 1
        else:
            columns[:, [k - 1, k]] = columns[:, [k, k - 1]]
            k = max(k - 1, 1)
    return columns


def _closest(wanted: Array, full: Array, basis: Array) -> Array:
    """The point full + basis @ z in the box that is nearest to the wanted one."""
    if not basis.shape[1]:
        return full
    start = _descend(wanted, full, basis)
    farthest = float(((start - wanted) ** 2).sum())
    # Within a wide reach, most points are outside of the box: widen it only as far as needed.
    reach, nodes = 0.25 * len(full), _NODES
    while nodes > 0:
        found, nodes = _within(min(reach, farthest), wanted, full, basis, nodes)
        if found is not None:
            return found
        if reach >= farthest:
            break
        reach *= 2
    return start


def _descend(wanted: Array, full: Array, basis: Array) -> Array:
    """A point of the lattice in the box from which no step along one column leads nearer."""
    point, better = full, True
    while better:
        better = False
        for column in basis.T:
            moved = column != 0
            low, high = (1 - point[moved]) / column[moved], (full - point)[moved] / column[moved]
            least = np.ceil(np.minimum(low, high).max() - 1e-9)
            most = np.floor(np.maximum(low, high).min() + 1e-9)
            step = np.rint(column @ (wanted - point) / (column @ column))
            step = int(min(max(step, least), most))
            if step and (step * column) @ (2 * (wanted - point) - step * column) > 1e-9:
                point, better = point + step * column, True
    return point


def _within(
    reach: float, wanted: Array, full: Array, basis: Array, nodes: int
) -> tuple[Array | None, int]:
    """The nearest point whose squared distance is below ``reach``, and how many nodes are left."""
    best, size = None, basis.shape[1]
    rotation, triangle = np.linalg.qr(basis.astype(np.float64))
    target = rotation.T @ (wanted - full)
    beside = float(((wanted - full - rotation @ target) ** 2).sum())
    z = np.zeros(size)
    # For each level from the last coordinate on: what the others cost, and the values to try.
    stack = [(beside, _outwards(z, triangle, target, size - 1))]
    while stack and nodes > 0:
        nodes -= 1
        spent, values = stack[-1]
        level = size - len(stack)
        z[level], cost = next(values)
        if spent + cost >= reach - 1e-9:
            stack.pop()
        elif level:
            stack.append((spent + cost, _outwards(z, triangle, target, level - 1)))
        else:
            point = full + basis @ z.astype(np.int64)
            if (point >= 1).all() and (point <= full).all():
                best, reach = point, spent + cost
    return best, nodes


def _outwards(
    z: Array, triangle: Array, target: Array, level: int
) -> Iterator[tuple[float, float]]:
    """The values of one coordinate and what they cost, the nearest first, without end."""
    gap = target[level] - triangle[level, level + 1 :] @ z[level + 1 :]
    centre = float(gap / triangle[level, level])
    nearest_value = float(np.rint(centre))
    side = 1.0 if centre >= nearest_value else -1.0
    scale = float(triangle[level, level]) ** 2
    for step in count():
        offset = side * ((step + 1) // 2) * (1 if step % 2 else -1)
        value = nearest_value + offset
        yield value, scale * (value - centre) ** 2
