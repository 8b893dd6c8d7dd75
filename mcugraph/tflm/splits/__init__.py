"""Operators computed in slices of channels or slabs of rows, one after the other: less memory."""
