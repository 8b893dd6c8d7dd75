"""A program as text: C, a header, makefiles, and a report for machines."""
