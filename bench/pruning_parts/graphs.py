"""Steps of a training as CUDA graphs: small networks wait for Python otherwise."""

from collections.abc import Callable

import torch
from torch import Tensor

WARM_UP = 3


class Graphed:
    """Work on tensors of the same shapes again and again, recorded once.

    The first calls run as they are, as PyTorch asks for, the next one is recorded.

    Args:
        work: It may neither wait for the GPU nor make decisions.
    """

    def __init__(self, work: Callable[..., None]) -> None:
        self.work, self.calls = work, 0
        self.graph = torch.cuda.CUDAGraph()
        self.inputs: list[Tensor] = []

    def __call__(self, *inputs: Tensor) -> None:
        self.calls += 1
        if self.calls <= WARM_UP:
            self._aside(inputs)
            return
        if not self.inputs:
            self.inputs = [x.clone() for x in inputs]
            with torch.cuda.graph(self.graph):
                self.work(*self.inputs)
        for mine, given in zip(self.inputs, inputs, strict=True):
            mine.copy_(given)
        self.graph.replay()

    def _aside(self, inputs: tuple[Tensor, ...]) -> None:
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            self.work(*inputs)
        torch.cuda.current_stream().wait_stream(stream)
