"""What every front-end's translations say when a value that they need is not in the file."""


class Computed(Exception):
    """An argument that is needed as a constant is computed at run time."""
