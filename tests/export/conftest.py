"""Networks to export, and files that several tests look at."""

from pathlib import Path
from typing import Any

import pytest
from support.loading import network
from support.running import run_tflite, tflm_head

torch = pytest.importorskip("torch")


def batches(inputs: tuple[Any, ...], count: int = 2, size: int = 4) -> list[tuple[Any, ...]]:
    """What a loader gives: the inputs, then labels."""
    random = torch.Generator().manual_seed(0)
    return [
        (*(torch.randn(size, *x.shape[1:], generator=random) for x in inputs), torch.arange(size))
        for _ in range(count)
    ]


class Kit:
    """The functions of this file, and int8 exports that several tests look at."""

    network = staticmethod(network)
    batches = staticmethod(batches)
    run = staticmethod(run_tflite)
    head = staticmethod(tflm_head)

    def __init__(self, folder: Path) -> None:
        self.folder, self.made = folder, {}

    def export(self, name: str) -> Any:
        """A network as an int8 file, made once."""
        from mcugraph.export.to_tflite import export_tflite

        if name not in self.made:
            model, inputs = network(name)
            path = self.folder / f"{name.replace('/', '_')}.tflite"
            self.made[name] = export_tflite(model, inputs, path, batches(inputs))
        return self.made[name]


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    return Kit(tmp_path_factory.mktemp("exports"))
