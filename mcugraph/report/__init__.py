"""A profile as text, JSON and CSV."""
