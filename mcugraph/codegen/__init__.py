"""C code of a model, the runtime library that it calls, and projects around both."""
