"""Architecture search: networks for a microcontroller, their costs exact before any training.

After "µNAS: Constrained Neural Architecture Search for Microcontrollers" (Liberis, Dudziak and
Lane, EuroMLSys 2021). The names here are imported when they are first used; only training and
`ModuleBuilder` need PyTorch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcugraph.nas.builder import NetworkBuilder
    from mcugraph.nas.graph_builder import GraphBuilder
    from mcugraph.nas.meter import Meter
    from mcugraph.nas.module_builder import ModuleBuilder
    from mcugraph.nas.search_space import Morph, SearchSpace
    from mcugraph.nas.spaces.cnn import CnnSpace
    from mcugraph.nas.spaces.cnn1d import Cnn1dSpace
    from mcugraph.nas.spaces.ds_cnn import DsCnnSpace
    from mcugraph.nas.spaces.mlp import MlpSpace

# Public name -> the module that defines it.
_HOME = {
    "NetworkBuilder": "mcugraph.nas.builder",
    "Cnn1dSpace": "mcugraph.nas.spaces.cnn1d",
    "CnnSpace": "mcugraph.nas.spaces.cnn",
    "DsCnnSpace": "mcugraph.nas.spaces.ds_cnn",
    "GraphBuilder": "mcugraph.nas.graph_builder",
    "Meter": "mcugraph.nas.meter",
    "MlpSpace": "mcugraph.nas.spaces.mlp",
    "ModuleBuilder": "mcugraph.nas.module_builder",
    "Morph": "mcugraph.nas.search_space",
    "SearchSpace": "mcugraph.nas.search_space",
}

__all__ = [
    "Cnn1dSpace",
    "CnnSpace",
    "DsCnnSpace",
    "GraphBuilder",
    "Meter",
    "MlpSpace",
    "ModuleBuilder",
    "Morph",
    "NetworkBuilder",
    "SearchSpace",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'mcugraph.nas' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
