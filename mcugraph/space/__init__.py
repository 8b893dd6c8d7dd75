"""The space of widths of a network, and its costs as functions of them."""
