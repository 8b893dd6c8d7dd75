"""Search spaces that come with the library, one a file."""
