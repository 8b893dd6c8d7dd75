"""Networks to export, and what reads the files besides this library."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

ROOT = Path(__file__).resolve().parents[3]

WHEEL = """
import sys
from tflite_micro.python.tflite_micro import runtime
runtime.Interpreter.from_file(sys.argv[1], arena_size=16 << 20).print_allocations()
"""


def load_module(path: Path, name: str) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def network(name: str) -> tuple[Any, tuple[Any, ...]]:
    """``"groups/NAME"``, of fixtures/groups, or the name of a network of fixtures/networks.py."""
    if name.startswith("groups/"):
        source = load_module(ROOT / "fixtures" / "groups" / "models.py", "export_groups")
    else:
        source = load_module(ROOT / "fixtures" / "networks.py", "export_networks")
    model, inputs = source.build(name.removeprefix("groups/"))
    return model.eval(), inputs


def batches(inputs: tuple[Any, ...], count: int = 2, size: int = 4) -> list[tuple[Any, ...]]:
    """What a loader gives: the inputs, then labels."""
    random = torch.Generator().manual_seed(0)
    return [
        (*(torch.randn(size, *x.shape[1:], generator=random) for x in inputs), torch.arange(size))
        for _ in range(count)
    ]


def run_tflite(path: Path, *samples: Any) -> list[np.ndarray]:
    """The results of an int8 file as floats, for inputs as the model takes them."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    details = sorted(interpreter.get_input_details(), key=lambda detail: detail["name"])
    for detail, x in zip(details, samples, strict=True):
        array = x.permute(0, 2, 3, 1).numpy() if x.dim() == 4 else x.numpy()
        scale, zero = detail["quantization"]
        array = np.clip(np.round(array / scale) + zero, -128, 127).astype(np.int8)
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    results = []
    for detail in sorted(interpreter.get_output_details(), key=lambda detail: detail["name"]):
        scale, zero = detail["quantization"]
        value = (interpreter.get_tensor(detail["index"]).astype(np.float32) - zero) * scale
        results.append(np.moveaxis(value, -1, 1) if value.ndim == 4 else value)
    return results


def tflm_head(path: Path) -> int:
    """The head of the arena that TensorFlow Lite Micro itself takes for a file, in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", WHEEL, str(path)], capture_output=True, text=True, check=True
    )
    (head,) = re.findall(r"Arena allocation head (\d+) bytes", done.stdout + done.stderr)
    return int(head)


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
