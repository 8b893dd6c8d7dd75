"""Any mask survives saving, loading, training with rounding, export and deployment."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.deployed import check_equal, needs_compiler

import mcugraph as mg

torch = pytest.importorskip("torch")
pytest.importorskip("litert_torch")
pytest.importorskip("ai_edge_quantizer")

from support.kinds_of_layers import INPUT, kinds_of_layers  # noqa: E402
from torch import nn  # noqa: E402

from mcugraph.compress import Sparsifier, to_torch_prune  # noqa: E402
from mcugraph.compress.weight_rows import rows_of  # noqa: E402
from mcugraph.prune import export_tflite, finish_qat, prepare_qat  # noqa: E402


def network() -> Any:
    return kinds_of_layers(20, 4, bias=False)


def train(model: Any, sparsifier: Sparsifier, steps: int) -> None:
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        x, y = torch.randn(8, 2, 8, 8), torch.randint(0, 4, (8,))
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        sparsifier.step()


def weights_of(path: Path, count: int) -> list[Any]:
    """The matrices of weights of a file, in the order of its layers: depthwise ones by channels."""
    graph, found = mg.load(path), []
    for operator in graph.operators:
        if operator.op.kind in ("conv2d", "depthwise_conv2d", "fully_connected", "dense"):
            tensor = graph.tensors[operator.inputs[1]]
            assert tensor.constant is not None
            values = tensor.constant.array().reshape(tensor.shape)
            if operator.op.kind == "depthwise_conv2d":
                values = np.moveaxis(values, -1, 0)
            found.append(values.reshape(len(values), -1))
    assert len(found) == count
    return found


@needs_compiler
@pytest.mark.oracle("tflite_micro")
@settings(max_examples=2, phases=[Phase.generate])  # shrinking takes as many exports
@given(
    shares=st.lists(st.sampled_from([0.0, 0.3, 0.8, 0.97]), min_size=5, max_size=5),
    seed=st.integers(0, 100),
)
def test_any_mask_survives_all_the_way_to_the_device(shares: list[float], seed: int) -> None:
    torch.manual_seed(seed)
    model = network()
    names = [f"{i}.weight" for i in (0, 3, 5, 8, 10)]
    masks = {
        name: torch.rand(model.get_parameter(name).shape) >= share
        for name, share in zip(names, shares, strict=True)
    }
    for mask in masks.values():
        mask.view(-1)[0] = True
    sparsifier = Sparsifier(to_torch_prune(model, masks), 0.0)
    train(model, sparsifier, 2)
    stream = io.BytesIO()
    torch.save((model.state_dict(), sparsifier.state_dict()), stream)
    stream.seek(0)
    saved = torch.load(stream)
    model = network()
    model.load_state_dict(saved[0])
    sparsifier = Sparsifier(model, 0.0)
    sparsifier.load_state_dict(saved[1])
    prepared = prepare_qat(model, INPUT)
    sparsifier.attach(prepared)
    train(prepared, sparsifier, 2)
    final = finish_qat(prepared)
    sparsifier.attach(final)
    for name, mask in masks.items():
        assert torch.equal(sparsifier.masks[name], mask)
        assert torch.equal(final.get_parameter(name) != 0, mask)
    rows = rows_of(final, None, INPUT)
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.tflite")
        export_tflite(final, INPUT, path, [torch.randn(32, 2, 8, 8)])
        for name, matrix in zip(names, weights_of(path, len(names)), strict=True):
            kept = rows[name].matrix(masks[name]).numpy()
            values = rows[name].matrix(final.get_parameter(name)).detach().abs().numpy()
            assert not matrix[~kept].any(), name
            # What is not masked is zero only where it rounds to that: half a step of its row.
            step = values.max(1, keepdims=True) / 127
            assert (matrix != 0)[kept & (values > 0.51 * step)].all(), name
            assert not matrix[kept & (values < 0.49 * step)].any(), name
        check_equal([path], Path(folder), 5)
