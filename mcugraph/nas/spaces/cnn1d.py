"""Convolutional networks for series: sound, motion, currents."""

from typing import ClassVar

from mcugraph.nas.domains import Domains, WholeRange
from mcugraph.nas.spaces.cnn import CnnSpace


class Cnn1dSpace(CnnSpace):
    """`CnnSpace` along one axis, with longer windows and strides.

    Args:
        input_shape: (channels, length) of one example.
        classes: How many there are.
        dropout: Rate of the dropout before each dense layer but the last; 0: none.

    The ranges are those of `CnnSpace`, but kernels of 1 to 15 (odd) and strides of 1 to 4.
    """

    layer: ClassVar[Domains] = {
        **CnnSpace.layer,
        "kernel": WholeRange(1, 15, (2, 4), every=2),
        "stride": WholeRange(1, 4, (1,)),
    }
    axes: ClassVar[int] = 1
