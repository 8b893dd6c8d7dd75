"""TFLite operators in the words of ``mcugraph.ops``: one line or function a builtin code."""
