"""Which ATen operator is which operator of ours."""

from mcugraph.formats.torch.call import Translator
from mcugraph.formats.torch.translations import (
    aggregation,
    arithmetic,
    layout,
    linear,
    recurrent,
    selection,
)

TRANSLATIONS: dict[str, Translator] = {
    **arithmetic.TRANSLATIONS,
    **linear.TRANSLATIONS,
    **recurrent.TRANSLATIONS,
    **aggregation.TRANSLATIONS,
    **layout.TRANSLATIONS,
    **selection.TRANSLATIONS,
}
