"""Values worked out of constants: once, whoever asks."""

from support.threads import THREADS, together

from mcugraph.formats.folded_values import FoldedValues, Folding
from mcugraph.formats.load_limits import LoadLimits


def test_what_many_threads_ask_for_is_worked_out_and_counted_once() -> None:
    computed = []

    def compute() -> int:
        computed.append(sum(range(20_000)))
        return computed[0]

    folding = Folding("model", LoadLimits(folded=200))
    source = FoldedValues(folding, 100, compute, ()).each(1)[0]
    result = FoldedValues(folding, 100, lambda: source() + 1, (source,)).each(1)[0]
    assert together(lambda number: result()) == [sum(range(20_000)) + 1] * THREADS
    assert len(computed) == 1
