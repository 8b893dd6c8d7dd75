"""ONNX operators in the words of ``mcugraph.ops``: one line or function an operator type."""
