"""Pruning PyTorch models: channels taken out of them for good."""
