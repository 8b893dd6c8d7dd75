"""Where a study is kept."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mcugraph import files
from mcugraph.compress.study_options import Options
from mcugraph.errors import FormatError
from mcugraph.experiments.ledger import Ledger, State
from mcugraph.records import dataclass

_MODELS = "models"


@dataclass(frozen=True, slots=True)
class StudyTrial:
    """One compression.

    Attributes:
        id: Its number.
        options: What is tried: ``method``, ``heuristic``, ``sparsity``, ``schedule``, ``scope``,
            ``scheme`` and ``qat_epochs``.
        state: How it stands.
        error_text: Why it failed.
        figures: ``scores`` (``"float"``, ``"pruned"``, ``"rounded"``, ``"quantised"``),
            ``parameters`` that are not zero and their ``share``, ``flash`` and ``sram`` in bytes as
            deployed, ``macs``, ``forms`` of the weights by layer, ``instructions`` by core
            (None: ``notes`` say why), ``notes``, ``seconds``, ``worker``; empty: it is not done;
            ``scores`` alone: it is trained, and not measured yet.
    """

    id: int
    options: Options
    state: State
    error_text: str
    figures: Mapping[str, Any]

    @property
    def score(self) -> float:
        """The last that was measured: that of what is deployed."""
        return float([*self.figures["scores"].values()][-1])


class StudyLedger(Ledger):
    """The trials of one study, in a folder."""

    kind = "study"
    version = 1
    folders = (_MODELS,)
    columns = {  # noqa: RUF012
        "id": "INTEGER PRIMARY KEY",
        "options": "TEXT NOT NULL",
        "state": "TEXT NOT NULL",
        "error_text": "TEXT NOT NULL",
        "figures": "TEXT NOT NULL",
    }

    def keep(self, trial: StudyTrial) -> None:
        """Write a trial down, in place of what is known of it."""
        self.put(
            {
                "id": trial.id,
                "options": json.dumps(trial.options),
                "state": trial.state.value,
                "error_text": trial.error_text,
                "figures": json.dumps(dict(trial.figures)),
            }
        )

    def keep_model(self, name: str, data: bytes) -> None:
        """Write down what was trained, under the name of what it depends on."""
        files.write(self._model(name), data)

    def kept_model(self, name: str) -> bytes | None:
        """What was trained under a name; None: nothing was."""
        path = self._model(name)
        return path.read_bytes() if path.is_file() else None

    def _model(self, name: str) -> Path:
        return self.folder / _MODELS / f"{name}.pt"

    def trials(self) -> Iterator[StudyTrial]:
        """All trials in their order.

        Raises:
            FormatError: They are damaged.
        """
        for row in self.rows():
            try:
                yield StudyTrial(
                    row["id"],
                    json.loads(row["options"]),
                    State(row["state"]),
                    row["error_text"],
                    json.loads(row["figures"]),
                )
            except (ValueError, TypeError) as error:
                raise FormatError(
                    f"{self.folder}: trial {row['id']} cannot be read: {error}"
                ) from error
