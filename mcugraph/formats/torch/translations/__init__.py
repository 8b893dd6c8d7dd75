"""Operators of PyTorch in the words of ``mcugraph.ops``, by family."""
