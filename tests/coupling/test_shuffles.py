"""Equal counts that follow when shuffled channels are cut, each worked out by hand."""

import numpy as np

from mcugraph.coupling.labelling import Labelling
from mcugraph.coupling.shuffles import cut, shared_out
from mcugraph.ir import Array
from mcugraph.ops.convolution import Conv
from mcugraph.ops.labels import FIXED


def shuffled() -> tuple[Labelling, Array, Array, Array]:
    """Two parts of four channels that keep equally many, and the line in which they lie in turn."""
    labelling = Labelling()
    one, other = labelling.unions.fresh(4), labelling.unions.fresh(4)
    labelling.equal.append(((one, other), "shuffle"))
    return labelling, one, other, np.stack([one, other], 1).ravel()


def lists(found: list[tuple[tuple[Array, ...], str]]) -> list[list[list[int]]]:
    assert all(reason == "why" for _, reason in found)
    return [[part.tolist() for part in parts] for parts, _ in found]


def test_groups_of_shuffled_channels() -> None:
    labelling, one, other, line = shuffled()

    def asked(groups: int, whole: Array) -> list[list[list[int]]]:
        op = Conv((1, 1), (1, 1), ((0, 0), (0, 0)), groups=groups)
        return lists(shared_out(labelling, whole, op, "why"))

    image = np.broadcast_to(line[None, :, None, None], (1, 8, 2, 2))
    halves = [[part[i : i + 2].tolist() for part in (one, other)] for i in (0, 2)]
    assert asked(2, image) == halves
    assert asked(4, image) == [
        [part[i : i + 1].tolist() for part in (one, other)] for i in range(4)
    ]
    assert asked(1, image) == asked(2, image[:, :7]) == asked(16, image) == []
    assert asked(2, np.roll(image, 1, 1)) == []  # they lie otherwise


def test_pieces_of_shuffled_channels() -> None:
    labelling, one, other, line = shuffled()
    whole = np.broadcast_to(line[None, :, None], (1, 8, 3))

    def asked(piece: Array) -> list[list[list[int]]]:
        return lists(cut(labelling, whole, piece, "why"))

    def both(*rows: slice) -> list[list[list[int]]]:
        return [[part[row].tolist() for part in (one, other)] for row in rows]

    assert asked(whole[:, :4]) == both(slice(2))
    assert asked(whole[:, 2:6]) == both(slice(1), slice(1, 3))
    assert asked(whole[:, 4:]) == both(slice(2), slice(2, 4))
    assert asked(whole[:, 4:5]) == both(slice(2))
    assert asked(whole) == asked(whole[:, :0]) == asked(whole[0, 2:6]) == []
    assert asked(whole[0, 2:6, 0]) == []
    # Not whole rounds.
    assert asked(whole[:, 1:3]) == asked(whole[:, 1:4]) == []
    assert asked(whole[:, 2:5]) == both(slice(1))
    assert asked(whole[:, ::2]) == []
    fixed = np.broadcast_to(np.int64(FIXED), (1, 8, 3))  # of which nothing goes
    assert cut(labelling, fixed, fixed[:, 2:6], "why") == []


def test_pieces_of_what_was_shuffled_twice() -> None:
    """Equally many of what was joined with the first shuffle, and of what that was made of."""
    labelling, one, other, line = shuffled()
    more = labelling.unions.fresh(8)
    labelling.equal.append(((line, more), "another"))
    both = np.stack([line, more], 1).ravel()
    assert lists(cut(labelling, both, both[:8], "why")) == [
        [line[:4].tolist(), more[:4].tolist()],
        [one[:2].tolist(), other[:2].tolist()],
    ]
