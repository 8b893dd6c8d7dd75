"""Every ONNX operator that has a translation, by type, but for control flow and sequences.

Source: the ONNX operator specification, all opsets; attributes that became inputs are read from
wherever the model keeps them.
"""

from mcugraph.formats.onnx.node import Translator
from mcugraph.formats.onnx.translations import aggregation, arithmetic, contrib, linear, movement

TRANSLATIONS: dict[str, Translator] = {
    **aggregation.TRANSLATIONS,
    **arithmetic.TRANSLATIONS,
    **linear.TRANSLATIONS,
    **movement.TRANSLATIONS,
}

# The same for other domains: domain -> type -> translation.
CONTRIBUTED = contrib.TRANSLATIONS
