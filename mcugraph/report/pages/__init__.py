"""Pages in HTML: each is one file that needs nothing from elsewhere."""
