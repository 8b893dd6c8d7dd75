"""Small networks whose operators work row by row, made of random choices."""

from math import prod

import numpy as np
from hypothesis import strategies as st

from support.channel_networks import Growing
from support.tflite_writer import G, tflite_bytes


@st.composite
def row_networks(draw: st.DrawFn, biased: bool = False) -> bytes:
    """A file: convolutions and operators between them, and sometimes one that reads all rows."""
    kind = draw(st.sampled_from(("int8", "int8", "float32", "int16")))
    random = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    grown = Growing(draw, kind, draw(st.booleans()), False, random, biased)
    grown.kernel, grown.stride = 5, 3
    height, width = draw(st.tuples(st.integers(5, 20), st.integers(3, 7)))
    grown.now = grown.data([1, height, width, draw(st.integers(1, 3))])
    for _ in range(draw(st.integers(2, 6))):
        turn = draw(st.integers(0, 3))
        if turn == 0:
            grown.depthwise(draw(st.integers(1, 2)))
        elif turn == 1:
            grown.convolution(draw(st.integers(1, 4)))
        elif not grown.follow():
            break
        if prod(grown.shape()) > 3000:
            break
    return tflite_bytes(G(grown.tensors, grown.nodes, [0], [grown.now]))
