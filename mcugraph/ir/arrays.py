"""Arrays and their shapes, as the rest of the package calls them."""

from typing import TYPE_CHECKING, Any

from mcugraph.late_numpy import np

Shape = tuple[int, ...]
if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]
else:
    Array = Any  # nobody needs numpy for a name in an annotation
