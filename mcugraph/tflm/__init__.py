"""A twin of TensorFlow Lite Micro: how much of its arena a model takes."""
