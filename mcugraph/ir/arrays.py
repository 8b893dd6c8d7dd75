"""Arrays and their shapes, as the rest of the package calls them."""

from typing import Any

import numpy as np

Shape = tuple[int, ...]
Array = np.ndarray[Any, Any]
