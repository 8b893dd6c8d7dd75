"""Planning: where in one arena every tensor lies."""
