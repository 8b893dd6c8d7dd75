"""What the scripts for LeNet share: MNIST on a device, and weights as they are kept."""

from functools import lru_cache
from io import BytesIO

import numpy as np
import torch

EXAMPLE = torch.zeros(1, 1, 28, 28)


@lru_cache(maxsize=2)  # what is trained on a device, and what files are judged by
def loaded(path: str, device: str, samples: int, tested: int) -> tuple[torch.Tensor, ...]:
    with np.load(path) as data:
        arrays = [data[name] for name in ("x_train", "y_train", "x_test", "y_test")]
    counts = (samples, samples, tested, tested)
    return tuple(
        (((torch.from_numpy(a[:n]).float() / 255) - 0.1307) / 0.3081).unsqueeze(1).to(device)
        if a.ndim > 1
        else torch.from_numpy(a[:n].astype(np.int64)).to(device)
        for a, n in zip(arrays, counts, strict=True)
    )


def packed(model: torch.nn.Module) -> bytes:
    """Weights that are not zero, with 16 bits each, and where they stand."""
    arrays = {}
    for name, value in model.state_dict().items():
        array = value.cpu().numpy().astype(np.float16)
        arrays[f"{name}:shape"] = np.array(array.shape)
        arrays[f"{name}:where"] = np.packbits(array != 0)
        arrays[f"{name}:values"] = array[array != 0]
    stream = BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def unpacked(data: bytes) -> dict[str, torch.Tensor]:
    """The inverse of ``packed``, as a state for ``Lenet`` of those widths."""
    state = {}
    with np.load(BytesIO(data)) as arrays:
        for name in {key.partition(":")[0] for key in arrays}:
            shape = tuple(arrays[f"{name}:shape"])
            where = np.unpackbits(arrays[f"{name}:where"])[: int(np.prod(shape))].astype(bool)
            values = np.zeros(len(where), np.float32)
            values[where] = arrays[f"{name}:values"]
            state[name] = torch.from_numpy(values.reshape(shape))
    return state
