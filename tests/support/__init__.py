"""What tests of several folders share: importable, since ``tests`` is on pytest's path."""
