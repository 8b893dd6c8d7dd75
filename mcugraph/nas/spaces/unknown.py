"""A space that is not at hand: what was found in it can be shown, and nothing made of it."""

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, ClassVar, NoReturn

from mcugraph.errors import UsageError
from mcugraph.nas.builder import NetworkBuilder
from mcugraph.nas.search_space import Morph, SearchSpace


class UnknownSpace(SearchSpace[str]):
    """Stands for a space of somebody's own; its architectures are their JSON.

    Args:
        described: What the space itself says of itself, as of ``SearchSpace.describe``.
    """

    architecture: ClassVar[type] = str

    def __init__(self, described: Mapping[str, Any]) -> None:
        self._described = dict(described)
        self.name = str(described["class"])
        self.input_shape = tuple(described.get("input_shape", ()))
        self.classes = int(described.get("classes", 0))

    def describe(self) -> dict[str, Any]:
        return dict(self._described)

    def to_plain(self, arch: str) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(arch)
        return data

    def from_plain(self, data: dict[str, Any]) -> str:
        return json.dumps(data)

    def sample(self, rng: Random) -> str:
        self._refuse()

    def morphs(self, arch: str) -> Iterator[Morph[str]]:
        self._refuse()

    def emit(self, arch: str, builder: NetworkBuilder[Any]) -> None:
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise UsageError(
            f"the search is of a space of your own, {self.name}: what it has found can be shown, "
            "but for its networks give the space: load_search(folder, space), or --space"
        )
