"""Why a runtime cannot run a model, for people."""

from collections.abc import Iterable


def refused(reasons: Iterable[str], generated: bool) -> list[str]:
    """A line for each reason; ``generated``: the runtime is the C code of ``deploy``."""
    runtime = "Generated code" if generated else "TFLM"
    return [f"{runtime} cannot run this model: {reason}" for reason in reasons]
