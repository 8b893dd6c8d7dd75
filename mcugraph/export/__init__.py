"""Model files of PyTorch modules, held against what was predicted for them."""
