"""What a pruner takes of the time of a training."""

import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import torch
from pruning_data import Data
from pruning_methods import ONE_SHOT, Case, at_once, default
from pruning_runs import Job, budgets, new_network, space_of
from pruning_training import Plan, Training

from mcugraph.prune import Pruner


def seconds(work: Callable[[], Any]) -> float:
    """The CPU time of some work."""
    start = time.process_time()
    work()
    return time.process_time() - start


def phase(masked: Training, other: Training, ours: Pruner) -> tuple[float, float]:
    """The CPU time of all steps until the budgets are met, and of as many plain ones, by turns."""
    pruning = plain = 0.0

    def after() -> None:
        ours.step(masked.held_loss)

    while not ours.met:
        pruning += seconds(partial(masked.until, masked.step + 1, after))
        plain += seconds(partial(other.until, other.step + 1))
    return pruning, plain


def drawn(size: int, samples: int = 1024) -> Data:
    """Noise: what a step takes does not depend on what the images show."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(samples, 1, size, size, generator=generator)
    y = torch.randint(10, (samples,), generator=generator)
    part = x.contiguous(memory_format=torch.channels_last), y
    return Data(part, part, part, 10)


def overhead(network: str, triple: str, size: int, plan: Plan, rounds: int) -> str:
    """One line: the phase of pruning against as many plain steps, and whole runs against the plain.

    In CPU time; the median of the rounds. A whole run has all that is done once: making the pruner
    and slimming, or choosing widths and making the narrow network.
    """
    data = drawn(size)
    space = space_of(f"{size}", network, data)
    limits = budgets(Job(f"{size}", network, 0, "default", triple), space)

    def fresh() -> Training:
        torch.manual_seed(0)
        return Training(new_network(network, data), data, plan, 0)

    def case() -> Case:
        return Case(fresh(), lambda: new_network(network, data), space, limits)

    fresh().until(3)  # kernels of these shapes are made at their first use
    steps, extra, once, whole = 0, [], [], []
    for _ in range(rounds):
        masked = fresh()
        ours = Pruner(masked.model, data.example, limits, phase=round(ONE_SHOT * plan.steps))
        pruning, plain = phase(masked, fresh(), ours)
        steps = masked.step
        extra.append(pruning / plain - 1)
        full = seconds(fresh().finish)
        once.append(seconds(lambda: at_once(case())) / full)
        whole.append(seconds(lambda: default(case())) / full)
    cells = f"{plain / steps * 1e3:.1f} ms | {steps} | {median(extra):+.1%}"
    return f"| {network} | {triple} | {cells} | {median(whole):.2f} | {median(once):.2f} |"
