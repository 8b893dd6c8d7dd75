"""What a pruner takes of the time of a training."""

import time
from statistics import median

import torch
from pruning_data import Data
from pruning_methods import ONE_SHOT, Case, default
from pruning_runs import Job, budgets, new_network, space_of
from pruning_training import Plan, Training

from mcugraph.prune import Pruner


def prune(training: Training, ours: Pruner) -> float:
    """Train until the budgets are met; the CPU time."""
    start = time.process_time()
    while not ours.met:
        training.until(training.step + 1, lambda: ours.step(training.held_loss))
    return time.process_time() - start


def drawn(size: int, samples: int = 1024) -> Data:
    """Noise: what a step takes does not depend on what the images show."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(samples, 1, size, size, generator=generator)
    y = torch.randint(10, (samples,), generator=generator)
    part = x.contiguous(memory_format=torch.channels_last), y
    return Data(part, part, part, 10)


def overhead(network: str, triple: str, size: int, plan: Plan, rounds: int) -> str:
    """One line: the phase of pruning step by step, and a whole run, against plain training.

    By turns, in CPU time; of each the median over the rounds.
    """
    data = drawn(size)
    space = space_of(f"{size}", network, data)
    limits = budgets(Job(f"{size}", network, 0, "default", triple), space)

    def fresh() -> Training:
        torch.manual_seed(0)
        return Training(new_network(network, data), data, plan, 0)

    fresh().until(3)  # kernels of these shapes are made at their first use
    phase, plain, whole, full = [], [], [], []
    steps = 0
    for _ in range(rounds):
        masked = fresh()
        ours = Pruner(masked.model, data.example, limits, phase=round(ONE_SHOT * plan.steps))
        seconds = prune(masked, ours)
        phase.append(seconds)
        steps = masked.step
        other = fresh()
        start = time.process_time()
        other.until(steps)
        plain.append(time.process_time() - start)
        other.finish()
        full.append(time.process_time() - start)
        case = Case(fresh(), lambda: new_network(network, data), space, limits)
        start = time.process_time()
        default(case)
        whole.append(time.process_time() - start)
    extra = median(a / b for a, b in zip(phase, plain, strict=True)) - 1
    total = median(a / b for a, b in zip(whole, full, strict=True))
    return f"| {network} | {triple} | {steps} | {extra:+.1%} | {total:.2f} |"
