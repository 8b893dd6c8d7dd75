"""Each example of a batch is varied by itself, and stays what it is but for that."""

import pytest

torch = pytest.importorskip("torch")


def shifted(example: "torch.Tensor", by: tuple[int, ...]) -> "torch.Tensor":
    """An example, moved along its spatial axes, with zeros where nothing is left of it."""
    made = torch.zeros_like(example)
    source, target = [slice(None)], [slice(None)]
    for size, step in zip(example.shape[1:], by, strict=True):
        source.append(slice(max(0, step), size + min(0, step)))
        target.append(slice(max(0, -step), size + min(0, -step)))
    made[tuple(target)] = example[tuple(source)]
    return made


@pytest.mark.parametrize("shape", [(2, 5, 7), (3, 9)])
def test_each_example_moves_by_itself(shape: tuple[int, ...]) -> None:
    from mcugraph.experiments.variations import varied

    batch = torch.randn(200, *shape, generator=torch.Generator().manual_seed(0))
    found = varied(batch, torch.Generator().manual_seed(1), shift=2, flip=True)
    assert found.shape == batch.shape
    steps = torch.cartesian_prod(*[torch.arange(-2, 3)] * (len(shape) - 1)).reshape(
        -1, len(shape) - 1
    )
    seen = set()
    for example, made in zip(batch, found, strict=True):
        ways = {
            (flip, *step): shifted(example.flip(-1) if flip else example, tuple(step))
            for step in steps.tolist()
            for flip in (False, True)
        }
        (way,) = [way for way, wanted in ways.items() if torch.equal(wanted, made)]
        seen.add(way)
    assert len(seen) > len(steps)  # of twice as many


def test_nothing_is_varied_unless_asked_for() -> None:
    from mcugraph.experiments.variations import varied

    random = torch.Generator().manual_seed(0)
    batch, units = torch.randn(6, 1, 4, 4), torch.randn(6, 9)
    assert varied(batch, random) is batch
    assert varied(units, random, shift=1, flip=True) is units


def test_the_same_generator_varies_alike() -> None:
    from mcugraph.experiments.variations import varied

    batch = torch.randn(20, 1, 6, 6)
    one, other = (
        varied(batch, torch.Generator().manual_seed(4), shift=1, flip=True) for _ in range(2)
    )
    assert torch.equal(one, other)
