"""One module a kind of answer: what a command found, as text and as JSON."""
