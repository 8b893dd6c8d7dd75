"""The TFLite front-end."""
