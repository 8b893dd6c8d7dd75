"""Models written back with less memory: another operator order, a memory plan in the file."""
