"""Why a runtime cannot run a model, for people."""

from collections.abc import Sequence

from mcugraph.profiles import Layer
from mcugraph.report.screen import Screen
from mcugraph.report.short_names import in_sentence


def refused(
    reasons: Sequence[str], generated: bool, layers: Sequence[Layer], screen: Screen
) -> list[str]:
    """A sentence for each reason.

    Args:
        reasons: What speaks against the model.
        generated: The runtime is the C code of ``deploy``.
        layers: The operators of the model.
        screen: What it is for.
    """
    runtime = "Generated code" if generated else "TFLM"
    return [
        f"{runtime} cannot run this model: {in_sentence(reason, layers, screen)}"
        for reason in reasons
    ]
