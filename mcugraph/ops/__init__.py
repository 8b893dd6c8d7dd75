"""Operators: one class each, with its attributes and every rule about it."""
