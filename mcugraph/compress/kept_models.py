"""Models that a study has trained, kept as plain tensors: nothing in them is run when they load."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import torch

from mcugraph.compress.mask_conventions import copied, without_masks
from mcugraph.errors import FormatError
from mcugraph.records import dataclass
from mcugraph.slimming.slimmer import slim


@dataclass(frozen=True, slots=True)
class KeptModel:
    """What was trained of a model.

    Attributes:
        state: Its parameters and buffers.
        classes: Name of a group of channels -> those that are left; empty: all are.
        scores: What was measured meanwhile, by stage.
        seconds: That it took.
    """

    state: Mapping[str, torch.Tensor]
    classes: Mapping[str, tuple[int, ...]]
    scores: Mapping[str, float]
    seconds: float

    @classmethod
    def of(cls, model: torch.nn.Module, scores: Mapping[str, float], seconds: float) -> "KeptModel":
        """A trained model, wherever it is."""
        state = {name: value.detach().cpu() for name, value in model.state_dict().items()}
        classes: Mapping[str, Any] = getattr(model, "mcugraph_classes", {})
        plain = {name: tuple(map(int, left)) for name, left in classes.items()}
        return cls(state, plain, dict(scores), seconds)

    def module(self, whole: torch.nn.Module, example: torch.Tensor) -> torch.nn.Module:
        """The trained model.

        Args:
            whole: What it was before; it stays as it is.
            example: One input.
        """
        model = without_masks(copied(whole))
        if self.classes:
            model = slim(model, {name: [*left] for name, left in self.classes.items()}, example)
        model.load_state_dict(dict(self.state))
        return model

    def to_bytes(self) -> bytes:
        """As a file of PyTorch's."""
        stream = BytesIO()
        held = {name: getattr(self, name) for name in self.__slots__}
        torch.save(held, stream)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, where: object) -> "KeptModel":
        """The inverse of ``to_bytes``.

        Args:
            data: The file.
            where: Named in errors.

        Raises:
            FormatError: It is damaged, or no such file.
        """
        try:
            return cls(**torch.load(BytesIO(data), weights_only=True))
        # What PyTorch raises depends on where the file is damaged.
        except Exception as error:
            raise FormatError(
                f"{where}: is no model that a study keeps: {' '.join(str(error).split())[:200]}"
            ) from error
