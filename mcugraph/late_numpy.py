"""numpy, imported when somebody first needs an array: it takes half of a command's time.

What reads and counts a model takes ``np`` from here, and has no use of it while it is imported
itself: most models are counted from shapes alone.
"""

from typing import TYPE_CHECKING

__all__ = ["np"]

if TYPE_CHECKING:
    import numpy as np
else:
    from types import ModuleType

    class _LateModule(ModuleType):
        """Stands for a module, and has what has been asked of that."""

        def __getattr__(self, name):
            import numpy

            value = getattr(numpy, name)
            setattr(self, name, value)
            return value

    np = _LateModule("numpy")
