"""Costs and their gradients against a training step, against sympy, and candidates a second.

    python bench/widths.py                 # batch of 32 images of 32 x 32
    python bench/widths.py --batch 128

All costs are deployed int8. Widths move a little from call to call, as a pruner moves them, and
nothing is asked twice at the same widths but a value and its gradient.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from measured.trained import EXAMPLE, NETWORKS

import mcugraph as mg

COSTS = ("macs", "size", "peak")


def median(task: Callable[[], object], times: int) -> float:
    """Median seconds of a task after one run that is not counted."""
    task()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        task()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--candidates", type=int, default=1000)
    given = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads")
    for name, make in NETWORKS.items():
        torch.manual_seed(0)
        measure(name, make(), given.batch, given.candidates)


def measure(name: str, model: torch.nn.Module, batch: int, candidates: int) -> None:
    start = time.perf_counter()
    graph = mg.from_torch(model.eval(), (torch.zeros(1, *EXAMPLE),))
    space = mg.widths(graph, precision="int8")
    costs = [space.macs, space.size, space.peak]
    for cost in costs:
        cost.gradient(space.full.astype(float))
    ready = time.perf_counter() - start
    rng = np.random.default_rng(0)
    print(f"\n{name}: {len(graph.operators)} operators, {len(space.groups)} widths")
    print(f"  import, groups and first values       {ready * 1e3:10.1f} ms, once")

    step = training_step(model.train(), batch)
    seconds = median(step, 5)
    print(f"  a training step, batch {batch:<4}           {seconds * 1e3:10.1f} ms")

    state = {"w": space.full * 0.9}

    def evaluate() -> None:
        state["w"] = w = np.clip(
            state["w"] * rng.uniform(0.99, 1.01, len(space.full)), 1, space.full
        )
        for cost in costs:
            cost(w)
            cost.gradient(w)

    searched = space.peak.searched
    ours = median(evaluate, 100)
    print(
        f"  values and gradients of all three     {ours * 1e3:10.3f} ms, {ours / seconds:.2%} of "
        f"a step; the order was searched {space.peak.searched - searched} times in 101 calls"
    )
    widths = torch.tensor(state["w"], requires_grad=True)

    def backward() -> None:
        widths.grad = None
        (space.macs(widths) + space.size(widths) + space.peak(widths)).backward()

    print(f"  the same through torch.autograd       {median(backward, 100) * 1e3:10.3f} ms")

    w = space.full * rng.uniform(0.5, 1, (candidates, len(space.full)))
    w = np.maximum(1, np.rint(w))
    for cost, label in zip(costs, COSTS, strict=True):
        some = w[: candidates // 10] if label == "peak" else w
        start = time.perf_counter()
        cost(some)
        rate = len(some) / (time.perf_counter() - start)
        print(f"  {label:<5} candidates a second              {rate:12,.0f}")
    against_sympy(space)


def against_sympy(space: mg.Space) -> None:
    """MACs and their gradient: ours, substituted into sympy's derivatives, and lambdified."""
    import sympy

    symbols = [sympy.Symbol(entry.name, positive=True) for entry in space.groups]
    expression = space.macs.sympy()
    slopes = [sympy.diff(expression, symbol) for symbol in symbols]
    w = space.full * 0.7
    at = dict(zip(symbols, w.tolist(), strict=True))

    def ours() -> None:
        space.macs(w)
        space.macs.gradient(w)

    def substituted() -> None:
        expression.subs(at)
        for slope in slopes:
            slope.subs(at)

    start = time.perf_counter()
    compiled = sympy.lambdify(symbols, [expression, *slopes], cse=True)
    compiling = time.perf_counter() - start
    fast, slow, middle = median(ours, 200), median(substituted, 3), median(lambda: compiled(*w), 50)
    print(f"  MACs and gradient                     {fast * 1e3:10.3f} ms")
    print(
        f"    sympy, substituted                  {slow * 1e3:10.3f} ms, {slow / fast:,.0f} times"
    )
    print(
        f"    sympy, lambdified                   {middle * 1e3:10.3f} ms, "
        f"{middle / fast:,.1f} times, after {compiling * 1e3:.0f} ms"
    )


def training_step(model: torch.nn.Module, batch: int) -> Callable[[], object]:
    images, labels = torch.randn(batch, *EXAMPLE), torch.randint(0, 10, (batch,))
    optimizer = torch.optim.SGD(model.parameters(), 0.1, 0.9)

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()

    return step


if __name__ == "__main__":
    main()
