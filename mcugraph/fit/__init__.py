"""Whether a model fits a board or a budget."""
