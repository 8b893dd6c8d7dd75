"""What a pruner takes of the time of a training."""

from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import torch
from torch import nn

from mcugraph.prune import Pruner
from pruning_parts.data import Data
from pruning_parts.methods import ONE_SHOT, Case, at_once, led
from pruning_parts.runs import Job, budgets, new_network, space_of
from pruning_parts.training import Plan, Training, clock


def seconds(device: torch.device, work: Callable[[], Any]) -> float:
    """The time that some work takes of a device."""
    start = clock(device)
    work()
    return clock(device) - start


def phase(masked: Training, other: Training, ours: Pruner, block: int = 1) -> tuple[float, float]:
    """The time of all steps until the budgets are met, and of as many plain ones, by turns.

    Args:
        masked: Its model is pruned.
        other: Its is not.
        ours: The pruner.
        block: So many steps by turns; on a GPU none of them waits for the one before.
    """
    device = masked.data.device
    pruning = plain = 0.0

    def met() -> bool:
        ours.step(masked.held_loss)
        return ours.met

    while not ours.met:
        pruning += seconds(device, partial(masked.until, masked.step + block, met))
        plain += seconds(device, partial(other.until, masked.step, lambda: False))
    return pruning, plain


def drawn(size: int, channels: int = 1, device: str = "cpu", samples: int = 1024) -> Data:
    """Noise: what a step takes does not depend on what the images show."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(samples, channels, size, size, generator=generator)
    y = torch.randint(10, (samples,), generator=generator)
    part = x.contiguous(memory_format=torch.channels_last).to(device), y.to(device)
    return Data(part, part, part, 10)


def overhead(network: str, triple: str, size: int, plan: Plan, rounds: int) -> str:
    """One line: the phase of pruning against as many plain steps, and whole runs against the plain.

    In CPU time; the median of the rounds. A whole run has all that is done once: making the pruner
    and slimming, or choosing widths and making the narrow network.
    """
    data = drawn(size)
    space = space_of(f"{size}", network, data)
    limits = budgets(Job(f"{size}", network, 0, "default", triple), space)

    def new() -> nn.Module:
        torch.manual_seed(0)
        return new_network(network, data)

    def fresh() -> Training:
        return Training(new(), data, plan, 0)

    def case() -> Case:
        return Case(fresh(), new, space, limits, new)

    fresh().until(3)  # kernels of these shapes are made at their first use
    steps, extra, once, whole = 0, [], [], []
    for _ in range(rounds):
        masked = fresh()
        ours = Pruner(
            masked.model,
            data.example,
            limits,
            trained=True,
            phase=round(ONE_SHOT * plan.steps),
        )
        pruning, plain = phase(masked, fresh(), ours)
        steps = masked.step
        extra.append(pruning / plain - 1)
        full = seconds(data.device, fresh().finish)
        once.append(seconds(data.device, lambda: at_once(case())) / full)
        whole.append(seconds(data.device, lambda: led(case())) / full)
    cells = f"{plain / steps * 1e3:.1f} ms | {steps} | {median(extra):+.1%}"
    return f"| {network} | {triple} | {cells} | {median(whole):.2f} | {median(once):.2f} |"


def overhead_on(device: str, network: str, plan: Plan) -> str:
    """One line: seconds of the phase of pruning on a GPU, and of as many plain steps.

    None of them waits for the one before, so the GPU hides what Python does meanwhile.
    """
    data = drawn(32, 3, device)
    space = space_of("32", network, data)
    limits = budgets(Job("32", network, 0, "default", "published"), space)

    def fresh() -> Training:
        return Training(new_network(network, data), data, plan, 0)

    masked, other, steps = fresh(), fresh(), round(ONE_SHOT * plan.steps)
    start = clock(data.device)
    ours = Pruner(masked.model, data.example, limits, trained=True, phase=steps)
    making = clock(data.device) - start
    for training in (masked, other):  # kernels are chosen, and graphs recorded, by the first steps
        training.until(5, lambda: False)
    pruning, plain = phase(masked, other, ours, ours.interval)
    slimming = seconds(data.device, ours.slim)
    cells = f"{plain / ours.steps * 1e3:.1f} ms | {ours.steps} | {pruning / plain - 1:+.1%}"
    return f"| {network} | {cells} | {making:.1f} s | {slimming:.1f} s |"
