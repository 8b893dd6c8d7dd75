"""The errors of the library: one root and a few children, each with a one-line message."""


class McuGraphError(Exception):
    """Root of every error that mcugraph raises on purpose."""


class FormatError(McuGraphError):
    """A file cannot be read: missing, truncated, damaged, or of an unknown format."""


class GraphError(McuGraphError):
    """A graph or a problem contradicts itself: an unknown tensor, a cycle, a wrong shape."""


class DimensionError(McuGraphError):
    """A dynamic dimension has no value, or a bound value does not fit the model."""


class UsageError(McuGraphError):
    """An argument is wrong: an unknown option value, board, operator or tensor name."""


class ToolError(McuGraphError):
    """A tool that builds or runs generated code is missing, or failed."""


class InternalError(McuGraphError):
    """A result of the library failed its own check: a fault of the library, not of the input."""

    def __str__(self) -> str:
        return (
            f"internal error: {super().__str__()}; please report this, with the input and these "
            "words, as a wrong result of mcugraph"
        )
