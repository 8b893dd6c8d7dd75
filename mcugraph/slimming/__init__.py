"""A copy of a PyTorch model without some of its channels."""
