"""What a graph takes in flash and in work."""
