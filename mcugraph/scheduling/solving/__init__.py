"""Orders of networks of numbers: bounds, searches, and what they share; nothing of models."""
