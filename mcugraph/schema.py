"""The version of the JSON that the library and its commands give out."""

SCHEMA_VERSION = 1
"""Changes when a field is taken away or changes its meaning; fields may be added."""
