"""Operators computed in slices of channels, one after the other, which need less memory."""
