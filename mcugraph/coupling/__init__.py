"""Channel classes and width groups: what can be pruned, and what only together."""
