"""The ONNX front-end."""
