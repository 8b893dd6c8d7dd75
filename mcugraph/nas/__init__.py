"""Architecture search: networks for a microcontroller, their costs exact before any training.

After "µNAS: Constrained Neural Architecture Search for Microcontrollers" (Liberis, Dudziak and
Lane, EuroMLSys 2021). The names here are imported when they are first used; only training and
`ModuleBuilder` need PyTorch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcugraph.experiments.data import DataSource
    from mcugraph.experiments.engines import Engine
    from mcugraph.nas.builder import NetworkBuilder
    from mcugraph.nas.costs import Costs
    from mcugraph.nas.entry import load_search, search
    from mcugraph.nas.evolution import (
        AgingEvolution,
        GuidedEvolution,
        Method,
        ParetoEvolution,
        RandomSearch,
        paper,
    )
    from mcugraph.nas.graph_builder import GraphBuilder
    from mcugraph.nas.meter import Meter
    from mcugraph.nas.module_builder import ModuleBuilder
    from mcugraph.nas.recipe import Recipe
    from mcugraph.nas.results import SearchResult
    from mcugraph.nas.search_bounds import Bounds
    from mcugraph.nas.search_space import Morph, SearchSpace
    from mcugraph.nas.spaces.cnn import CnnSpace
    from mcugraph.nas.spaces.cnn1d import Cnn1dSpace
    from mcugraph.nas.spaces.ds_cnn import DsCnnSpace
    from mcugraph.nas.spaces.mlp import MlpSpace
    from mcugraph.nas.trials import Trial

# Public name -> the module that defines it.
_HOME = {
    "AgingEvolution": "mcugraph.nas.evolution",
    "Bounds": "mcugraph.nas.search_bounds",
    "Cnn1dSpace": "mcugraph.nas.spaces.cnn1d",
    "CnnSpace": "mcugraph.nas.spaces.cnn",
    "Costs": "mcugraph.nas.costs",
    "DataSource": "mcugraph.experiments.data",
    "DsCnnSpace": "mcugraph.nas.spaces.ds_cnn",
    "Engine": "mcugraph.experiments.engines",
    "GraphBuilder": "mcugraph.nas.graph_builder",
    "GuidedEvolution": "mcugraph.nas.evolution",
    "Meter": "mcugraph.nas.meter",
    "Method": "mcugraph.nas.evolution",
    "MlpSpace": "mcugraph.nas.spaces.mlp",
    "ModuleBuilder": "mcugraph.nas.module_builder",
    "Morph": "mcugraph.nas.search_space",
    "NetworkBuilder": "mcugraph.nas.builder",
    "ParetoEvolution": "mcugraph.nas.evolution",
    "RandomSearch": "mcugraph.nas.evolution",
    "Recipe": "mcugraph.nas.recipe",
    "SearchResult": "mcugraph.nas.results",
    "SearchSpace": "mcugraph.nas.search_space",
    "Trial": "mcugraph.nas.trials",
    "load_search": "mcugraph.nas.entry",
    "paper": "mcugraph.nas.evolution",
    "search": "mcugraph.nas.entry",
}

__all__ = [
    "AgingEvolution",
    "Bounds",
    "Cnn1dSpace",
    "CnnSpace",
    "Costs",
    "DataSource",
    "DsCnnSpace",
    "Engine",
    "GraphBuilder",
    "GuidedEvolution",
    "Meter",
    "Method",
    "MlpSpace",
    "ModuleBuilder",
    "Morph",
    "NetworkBuilder",
    "ParetoEvolution",
    "RandomSearch",
    "Recipe",
    "SearchResult",
    "SearchSpace",
    "Trial",
    "load_search",
    "paper",
    "search",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'mcugraph.nas' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
