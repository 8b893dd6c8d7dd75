"""Graph to graph: what a deployment changes, and other ways to count."""
