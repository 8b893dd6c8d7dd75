"""Search spaces that come with the library, one a file."""

from typing import Any

from mcugraph.nas.spaces.cnn import CnnSpace
from mcugraph.nas.spaces.cnn1d import Cnn1dSpace
from mcugraph.nas.spaces.ds_cnn import DsCnnSpace
from mcugraph.nas.spaces.mlp import MlpSpace

# By the names that the command line knows them by.
SPACES: dict[str, Any] = {
    "cnn": CnnSpace,
    "cnn1d": Cnn1dSpace,
    "ds_cnn": DsCnnSpace,
    "mlp": MlpSpace,
}
