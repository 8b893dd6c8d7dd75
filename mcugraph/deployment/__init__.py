"""A model in, a folder of C out."""
