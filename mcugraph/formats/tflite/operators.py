"""Every TFLite operator that has a translation, by the name of its builtin code.

Sources: the TFLite schema, and the reference kernels where the schema is silent. Arguments that
a file computes at run time are taken from the shape of the result that it declares.
"""

from mcugraph.formats.tflite.node import Translator
from mcugraph.formats.tflite.translations import aggregation, arithmetic, control, linear, movement

TRANSLATIONS: dict[str, Translator] = {
    **aggregation.TRANSLATIONS,
    **arithmetic.TRANSLATIONS,
    **control.TRANSLATIONS,
    **linear.TRANSLATIONS,
    **movement.TRANSLATIONS,
}
