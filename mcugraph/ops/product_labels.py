"""How channels couple in products that are summed over axes: matrix products, Einstein sums.

Axes bear letters, as in an Einstein sum: operands that have a letter meet along it, and what the
result does not have is summed over. Where channels lie along a letter that is summed, they end
there, on both sides together. Heads are an exception: where channels lie along two letters, the
last one gets shorter, and the other one is left as it is.
"""

from collections.abc import Sequence

from mcugraph.ir import Array
from mcugraph.late_numpy import np
from mcugraph.ops.labels import (
    ALONG,
    FIXED,
    NONE,
    Channels,
    compress,
    core,
    meet_two,
    none,
    read_along,
    spread,
    varies,
)


def contract(channels: Channels, terms: Sequence[str], result: str) -> tuple[Array, ...] | None:
    """The labels of a product that is summed.

    Constants follow the channels of what they are multiplied with, and make new ones along the
    last axis that they alone bring into the result.

    Args:
        channels: Around the operator.
        terms: The letters of each operand's axes.
        result: Those of the result.
    """
    if any(len(set(term)) < len(term) for term in (*terms, result)):
        return None  # a diagonal
    product = _Product(channels, terms, result)
    return (product.run(),) if product.data else None


class _Product:
    """The labels around one product.

    Attributes:
        data: Number of an activation -> its labels, with an axis for each letter of all.
        along: Number of an activation -> the letters that channels lie along, in its order.
        ends: Number of an activation -> the letter along which its channels are summed.
    """

    def __init__(self, channels: Channels, terms: Sequence[str], result: str) -> None:
        self.channels, self.terms, self.result = channels, terms, result
        self.letters = "".join(dict.fromkeys("".join((result, *terms))))
        self.sizes = dict.fromkeys(self.letters, 1)
        for term, shape in zip(terms, channels.shapes, strict=True):
            for letter, size in zip(term, shape or (), strict=True):
                self.sizes[letter] = max(self.sizes[letter], size)
        found = [channels.labels(index) for index in range(len(terms))]
        self.data = {i: self._aligned(i, row) for i, row in enumerate(found) if row is not None}
        self.constants = [i for i, row in enumerate(found) if row is None]
        self.along = {
            i: [x for x in terms[i] if channels.works(f"{ALONG} {i} {x}", self._lies(i, x))]
            for i in self.data
        }
        self.ends: dict[int, str] = {}

    def run(self) -> Array:
        """The labels of the result."""
        for index in self.data:
            self._add_up(index)
        for letter in dict.fromkeys(self.ends.values()):
            self._end(letter)
        for index, labels in self.data.items():
            if (core(labels) == FIXED).all():
                self._hold(index)
        labels, along = self._met()
        self._follow(labels, along)
        return self._with_made(labels, along)

    def _axis(self, letter: str) -> int:
        return self.letters.index(letter)

    def _aligned(self, index: int, labels: Array) -> Array:
        """Labels with an axis for each letter."""
        term = self.terms[index]
        order = [term.index(letter) for letter in self.letters if letter in term]
        places = tuple(slice(None) if letter in term else None for letter in self.letters)
        return labels.transpose(order)[places]

    def _lies(self, index: int, letter: str) -> bool:
        """Whether channels lie along an axis of an activation: of one, it cannot be seen."""
        labels = self.data[index]
        if varies(labels, self._axis(letter)):
            return True
        if self.sizes[letter] > 1 or letter in self.result or (core(labels) == NONE).any():
            return False
        holders = [i for i, term in enumerate(self.terms) if letter in term]
        other = [x for x in self.terms[index] if varies(labels, self._axis(x))]
        if any(i not in self.data for i in holders):
            return not other or (
                letter == self.terms[index][-1] and not self.channels.crossed(index)
            )
        shared = all(x in self.terms[i] for x in other for i in holders)
        return (
            len(holders) > 1
            and shared
            and not any((core(self.data[i]) == NONE).any() for i in holders)
        )

    def _add_up(self, index: int) -> None:
        """Where channels of the result are sums of some, these go together."""
        along = self.along[index]
        summed = [letter for letter in along if letter not in self.result]
        if summed and along[-1] not in self.result:
            self.ends[index] = along[-1]
            return
        for letter in summed:
            whole = self.data[index]
            first = whole.take([0], self._axis(letter))
            self.channels.unite(core(whole), core(first))
            self.data[index] = np.broadcast_to(first, whole.shape)
        self.along[index] = [letter for letter in along if letter in self.result]

    def _end(self, letter: str) -> None:
        """Channels that are summed: all that have the letter have them there, or they stay."""
        axis = self._axis(letter)
        size = self.sizes[letter]
        holders = [
            i for i in self.data if letter in self.terms[i] and self.data[i].shape[axis] == size
        ]
        found = [self._ending(index, letter) for index in holders]
        sides = [labels for labels in found if labels is not None]
        if len(sides) < len(found):
            for index in holders:
                if letter in self.along[index]:
                    reason = "channels are summed against an axis without channels"
                    self.channels.freeze(self.data[index], reason)
            return
        for labels in sides[1:]:
            self.channels.unite(core(sides[0]), core(labels))
        self._bind(letter, sides[0])

    def _ending(self, index: int, letter: str) -> Array | None:
        """The labels of an activation that end along a letter, of whichever plane."""
        if self.ends.get(index) == letter:
            return self.data[index]
        labels = self.channels.beside(index)
        if labels is None:
            return None
        other = self._aligned(index, labels)
        lies = varies(other, self._axis(letter))
        return other if self.channels.works(f"{ALONG} {index} {letter} beside", lies) else None

    def _bind(self, letter: str, labels: Array) -> None:
        """Entries of constants along a letter belong to the channels there."""
        for index in self.constants:
            if letter in self.terms[index]:
                row = read_along(self.channels, labels, self._axis(letter))
                self.channels.bind(index, self.terms[index].index(letter), row)

    def _hold(self, index: int) -> None:
        """Constants that are multiplied with what has to stay, stay along its axes."""
        for letter in self.terms[index]:
            self._bind(letter, np.broadcast_to(np.int64(FIXED), [*self.sizes.values()]))

    def _met(self) -> tuple[Array, list[str]]:
        """What activations make whose channels are not summed, and the letters that it has.

        Channels of one operand may lie beside those of another one.
        """
        shape = tuple(self.sizes[letter] for letter in self.result)
        found, along, beside = none(shape), list[str](), False
        for index, whole in self.data.items():
            if index in self.ends:
                continue
            labels = whole
            while labels.ndim > len(shape):
                labels = labels[..., 0]
            own = self.along[index]
            if set(own) - set(along) and set(along) - set(own):
                if beside or self.channels.crossed(index):
                    self.channels.freeze(labels, "channels lie along three axes")
                else:
                    beside = True
                    self.channels.across(np.broadcast_to(labels, shape))
                    self._follow(labels, own)
                continue
            one = np.broadcast_to(core(found), shape) if along else none((1,) * len(shape))
            found = meet_two(self.channels, one, labels, index)
            along = max(along, own, key=len)
        return np.broadcast_to(found, shape), along

    def _follow(self, labels: Array, along: list[str]) -> None:
        """Constants follow the channels that they are multiplied with."""
        if along:
            place = (..., *(None,) * (len(self.letters) - len(self.result)))
            self._bind(along[-1], labels[place])

    def _with_made(self, labels: Array, along: list[str]) -> Array:
        """The result with the channels that constants make."""
        read = {letter for index in self.data for letter in self.terms[index]}
        own = [
            letter
            for index in self.constants
            for letter in self.terms[index]
            if letter in self.result and letter not in read
        ]
        if not own:
            return compress(labels)
        *_, letter = own
        made = self.channels.fresh(self.sizes[letter])
        shape = tuple(self.sizes[x] for x in self.result)
        lying = spread(made, self.result.index(letter), shape)
        for index in self.constants:
            if letter in self.terms[index]:
                self.channels.bind(index, self.terms[index].index(letter), made)
        if not along:
            return lying
        self.channels.across(lying)
        return compress(labels)
