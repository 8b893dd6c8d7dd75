"""PyTorch modules and exported programs to graphs."""
