"""Sparsities of layers with which their weights fit into so many bytes of flash.

::

    layers = [PrunableLayer("fc1", 128, 9216, worth=ByScores(w1**2)), PrunableLayer("fc2", 10, 128)]
    found = allocate_flash(layers, 100_000)
    found.kept["fc1"], found.sparsities["fc1"], found.total

A layer's flash is the least of its forms', each of which is a constant and so much a weight: not
convex, but for a choice of forms it is. For that choice the best counts are those at which all
layers gain alike for a further byte; layers change their form as long as that gains. Where layers
are so small that a single weight is much, all counts are gone through.
"""

from collections.abc import Callable, Mapping, Sequence

from mcugraph.errors import InternalError, UsageError
from mcugraph.ir import Array
from mcugraph.late_numpy import np
from mcugraph.records import dataclass
from mcugraph.storage.bitmap import Bitmap
from mcugraph.storage.block_rows import Blocks
from mcugraph.storage.crs import Crs
from mcugraph.storage.dense_rows import DenseRows
from mcugraph.storage.form import Form
from mcugraph.storage.worth import ShareKept, Worth

_HALVINGS = 60
_STEP = 16  # of prices, until they are known from above and below
_CHANGES = 24  # of the form of one layer that are tried
_SMALL = 1 << 20  # counts of all layers, times the budget: a few milliseconds


@dataclass(frozen=True, slots=True)
class PrunableLayer:
    """A layer whose weights may be set to zero, one by one, or block by block.

    Attributes:
        name: Its name, or its weights'.
        rows, columns: Of its matrix: output channels, and what each is made of.
        bits: Of a weight.
        worth: What it is worth to keep so many units; None: ``ShareKept`` of them.
        dense: How all weights are stored; what `mcugraph.deploy` makes of convolutions of int8
            fills rows up: ``DenseRows(4)``.
        least: Units that stay at the least.
        blocks: They stay or go together, and are the units; None: each weight is one.
    """

    name: str
    rows: int
    columns: int
    bits: int = 8
    worth: Worth | None = None
    dense: Form = DenseRows()
    least: int = 1
    blocks: Blocks | None = None

    @property
    def weights(self) -> int:
        """How many there are."""
        return self.rows * self.columns

    @property
    def by_rows(self) -> Crs | Blocks:
        """The form that stores the units that stay, each with its place."""
        return self.blocks or Crs()

    @property
    def units(self) -> int:
        """How many there are of what stays or goes: weights, or blocks."""
        return self.by_rows.units(self.rows, self.columns)

    def forms(self) -> tuple[Form, ...]:
        """Those that hold any zeros."""
        by_rows = () if self.by_rows.too_wide(self.columns) else (self.by_rows,)
        return (self.dense, *by_rows, Bitmap())

    def size(self, kept: int, form: Form) -> int:
        """The most flash in one form, with so many units that hold any weight other than zero.

        They may lie anywhere. Less is taken only where blocks hold zeros, at the ends of rows and
        columns above all.
        """
        count = kept
        if form != self.by_rows:
            count = min(kept * self._largest, self.weights)
        return form.bytes(self.rows, self.columns, count, self.bits)

    def each(self, form: Form) -> int:
        """The most bits that a unit takes in a form."""
        weights = 1 if form == self.by_rows else self._largest
        return form.each(self.columns, self.bits) * weights

    @property
    def _largest(self) -> int:
        """Weights of the largest unit."""
        if self.blocks is None:
            return 1
        return min(self.blocks.rows, self.rows) * min(self.blocks.columns, self.columns)

    def cheapest(self, kept: int) -> Form:
        """The form that takes the fewest bytes; of several, the first."""
        return min(self.forms(), key=lambda form: self.size(kept, form))

    def bytes(self, kept: int) -> int:
        """Flash in that form."""
        return self.size(kept, self.cheapest(kept))

    def most(self, room: int) -> int:
        """The most units that fit into so many bytes."""
        found = 0
        for form in self.forms():
            if self.size(self.units, form) <= room:
                return self.units
            left = room - form.fixed(self.rows, self.columns, self.bits)
            if left >= 0:  # a unit takes bits, or all of them had fitted
                found = max(found, left * 8 // self.each(form))
        return found


@dataclass(frozen=True, slots=True)
class FlashAllocation:
    """Weights that are kept.

    Attributes:
        layers: What was shared out.
        kept: Name of a layer -> how many of its weights are not zero, or blocks that hold any.
        worth: What all of it is worth.
    """

    layers: tuple[PrunableLayer, ...]
    kept: Mapping[str, int]
    worth: float

    @property
    def sparsities(self) -> dict[str, float]:
        """Name -> the share of weights, or of blocks, that are zero."""
        return {each.name: 1 - self.kept[each.name] / each.units for each in self.layers}

    @property
    def forms(self) -> dict[str, Form]:
        """Name -> what stores the weights in the fewest bytes."""
        return {each.name: each.cheapest(self.kept[each.name]) for each in self.layers}

    @property
    def bytes(self) -> dict[str, int]:
        """Name -> what that takes; less, where blocks hold zeros."""
        return {each.name: each.bytes(self.kept[each.name]) for each in self.layers}

    @property
    def total(self) -> int:
        """Bytes of all layers."""
        return sum(self.bytes.values())

    def check(self, matrices: Mapping[str, Array]) -> None:
        """Hold the promise against the tables of the weights as they became.

        Args:
            matrices: Weights by name of the layer, with no more of them than ``kept`` says.

        Raises:
            UsageError: More weights are left than were to be.
            InternalError: They take more bytes than were promised.
        """
        forms, sizes = self.forms, self.bytes
        for layer in self.layers:
            name, matrix = layer.name, matrices[layer.name]
            left, what = layer.by_rows.stored(matrix), "blocks" if layer.blocks else "weights"
            if left > self.kept[name]:
                raise UsageError(f"{name}: {left} {what} are not zero, not {self.kept[name]}")
            size = forms[name].encode(matrix, layer.bits).nbytes
            if size > sizes[name]:
                raise InternalError(f"{name} takes {size} B, not {sizes[name]}")


def check_enough(layers: Sequence[PrunableLayer], budget: int, taken: int = 0) -> None:
    """See that a budget holds the fewest weights of some layers.

    Args:
        layers: What the budget is for.
        budget: Bytes of flash.
        taken: Of these, bytes that other weights take in any case.

    Raises:
        UsageError: It does not.
    """
    least = taken + sum(layer.bytes(layer.least) for layer in layers)
    if least > budget:
        raise UsageError(
            f"flash: {budget:,} B are too few: these weights take {least:,} B at least"
        )


def allocate_flash(layers: Sequence[PrunableLayer], budget: int) -> FlashAllocation:
    """How many weights of each layer to keep, so that they are worth most within a budget.

    Args:
        layers: Of different names.
        budget: Bytes of flash for all their weights, as `deploy` stores them: what tells their
            places with them, without biases and scales.

    Returns:
        Counts whose ``total`` meets the budget, and to which no layer can add a weight within it.

    Raises:
        UsageError: Layers are none, or of one name; or the budget is below what the fewest weights
            take, which the message says.
    """
    if not layers or len({layer.name for layer in layers}) < len(layers):
        raise UsageError("layers: some are needed, each of a name of its own")
    check_enough(layers, budget)
    shared = _SharedOut(layers, budget)
    small = sum(layer.units for layer in layers) * budget <= _SMALL
    return shared.exact() if small else shared.solve()


class _SharedOut:
    """Forms by layer, and the best counts for them."""

    def __init__(self, layers: Sequence[PrunableLayer], budget: int) -> None:
        self._layers, self._budget = layers, budget
        self._worth = [layer.worth or ShareKept(layer.units) for layer in layers]
        self._forms = [layer.forms() for layer in layers]

    def solve(self) -> FlashAllocation:
        # At the price of a byte at which the budget is met when each layer decides alone.
        price = self._price(self._alone)
        chosen = [self._best(i, price) for i in range(len(self._layers))]
        kept = self._counts(chosen)
        assert kept is not None
        for i, form in self._changes(chosen, price):
            tried = [*chosen[:i], form, *chosen[i + 1 :]]
            found = self._counts(tried)
            if found is not None and self._sum(found) > self._sum(kept):
                chosen, kept = tried, found
        return self._allocation(kept)

    def exact(self) -> FlashAllocation:
        """The best of all counts, layer by layer, for each number of bytes that are left."""
        best = np.zeros(self._budget + 1)
        choices = []
        for layer, worth in zip(self._layers, self._worth, strict=True):
            more = np.full(len(best), -np.inf)
            choice = np.zeros(len(best), np.int64)
            for count in range(layer.least, layer.units + 1):
                size = layer.bytes(count)
                found = np.full(len(best), -np.inf)
                found[size:] = best[: max(len(best) - size, 0)] + worth.of(count)
                choice[found >= more] = count  # of equals the larger: no weight is to fit besides
                more = np.maximum(more, found)
            best = more
            choices.append(choice)
        kept, left = [], self._budget
        for layer, choice in zip(reversed(self._layers), reversed(choices), strict=True):
            kept.append(int(choice[left]))
            left -= layer.bytes(kept[-1])
        return self._allocation(kept[::-1])

    def _allocation(self, kept: Sequence[int]) -> FlashAllocation:
        names = [layer.name for layer in self._layers]
        counts = dict(zip(names, kept, strict=True))
        return FlashAllocation(tuple(self._layers), counts, self._sum(kept))

    def _sum(self, kept: Sequence[int]) -> float:
        return sum(worth.of(count) for worth, count in zip(self._worth, kept, strict=True))

    def _price(self, size: Callable[[float], int]) -> float:
        """The least price of a byte, nearly, at which a size meets the budget; high ones do."""
        low, high = 0.0, 1.0
        while size(high) > self._budget:
            low, high = high, high * _STEP
        for _ in range(_HALVINGS):
            middle = (low + high) / 2 if low else high / _STEP
            if size(middle) > self._budget:
                low = middle
            else:
                high = middle
        return high

    def _count(self, i: int, form: Form, price: float) -> int:
        """Units of a layer in one form that are worth their bytes."""
        layer = self._layers[i]
        each = layer.each(form)
        if each == 0:
            return layer.units
        return min(layer.units, max(layer.least, self._worth[i].count(price * each / 8)))

    def _profit(self, i: int, form: Form, price: float) -> float:
        """What a layer in one form is worth less what its bytes cost."""
        kept = self._count(i, form, price)
        return self._worth[i].of(kept) - price * self._layers[i].size(kept, form)

    def _best(self, i: int, price: float) -> Form:
        return max(self._forms[i], key=lambda form: self._profit(i, form, price))

    def _alone(self, price: float) -> int:
        """Bytes where each layer takes what is best for it."""
        total = 0
        for i, layer in enumerate(self._layers):
            form = self._best(i, price)
            total += layer.size(self._count(i, form, price), form)
        return total

    def _changes(self, chosen: Sequence[Form], price: float) -> list[tuple[int, Form]]:
        """Other forms of single layers, those first that cost least."""
        found = []
        for i, forms in enumerate(self._forms):
            now = self._profit(i, chosen[i], price)
            found += [
                (now - self._profit(i, form, price), i, place)
                for place, form in enumerate(forms)
                if form != chosen[i]
            ]
        return [(i, self._forms[i][place]) for _, i, place in sorted(found)[:_CHANGES]]

    def _counts(self, chosen: Sequence[Form]) -> list[int] | None:
        """The best counts of layers in these forms; None: they do not fit."""

        def at(price: float) -> list[int]:
            return [self._count(i, form, price) for i, form in enumerate(chosen)]

        def size(kept: Sequence[int]) -> int:
            parts = zip(self._layers, chosen, kept, strict=True)
            return sum(layer.size(count, form) for layer, form, count in parts)

        least = [
            layer.least if layer.each(form) else layer.units
            for layer, form in zip(self._layers, chosen, strict=True)
        ]
        if size(least) > self._budget:
            return None
        return self._filled(at(self._price(lambda price: size(at(price)))))

    def _filled(self, kept: list[int]) -> list[int]:
        """Counts with what still fits into the bytes that are left, the best first."""
        gains = []
        for i, layer in enumerate(self._layers):
            if kept[i] < layer.units:
                gain = self._worth[i].of(kept[i] + 1) - self._worth[i].of(kept[i])
                each = layer.each(layer.cheapest(kept[i]))
                gains.append((-gain / max(each, 1), i))
        left = self._budget - sum(map(PrunableLayer.bytes, self._layers, kept))
        for _, i in sorted(gains):
            layer = self._layers[i]
            room = left + layer.bytes(kept[i])
            kept[i] = layer.most(room)
            left = room - layer.bytes(kept[i])
        return kept
