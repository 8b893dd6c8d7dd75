"""Batches: all examples, each once, in an order that goes by a seed."""

import pytest

torch = pytest.importorskip("torch")

from mcugraph.experiments.batches import Batches  # noqa: E402


@pytest.mark.parametrize(
    ("count", "size", "seed", "sizes"),
    [
        (10, 4, None, [4, 4, 2]),
        (9, 4, None, [4, 4, 1]),
        (9, 4, 0, [4, 4]),  # of one example, a batch norm knows nothing
        (10, 4, 0, [4, 4, 2]),
        (8, 4, 0, [4, 4]),
        (3, 1, 0, [1, 1, 1]),
        (1, 4, 0, [1]),
        (0, 4, None, []),
    ],
)
def test_there_are_as_many_as_it_says(
    count: int, size: int, seed: int | None, sizes: list[int]
) -> None:
    x = torch.arange(count)
    batches = Batches((x, 10 * x), size, seed)
    rounds = [list(batches) for _ in range(2)]
    for found in rounds:
        assert [len(examples) for examples, _ in found] == sizes
        assert len(batches) == len(found)
        assert all(torch.equal(10 * examples, classes) for examples, classes in found)
        seen = [int(example) for examples, _ in found for example in examples]
        assert len(set(seen)) == sum(sizes)
        assert seed is not None or seen == list(range(count))


def test_their_order_goes_by_the_seed() -> None:
    x = torch.arange(100)

    def orders(seed: int) -> list[list[int]]:
        batches = Batches((x, x), 32, seed)
        return [torch.cat([examples for examples, _ in batches]).tolist() for _ in range(2)]

    first, second = orders(1)
    assert first != second
    assert orders(1) == [first, second]
    assert orders(2)[0] != first


def test_examples_are_varied_by_the_same_generator() -> None:
    x, drawn = torch.zeros(6), torch.Generator().manual_seed(3)

    def vary(examples: torch.Tensor, random: torch.Generator) -> torch.Tensor:
        return examples + torch.rand((), generator=random)

    found = [examples[0] for examples, _ in Batches((x, x), 2, 3, vary)]
    torch.randperm(6, generator=drawn)
    assert found == [torch.rand((), generator=drawn) for _ in range(3)]
