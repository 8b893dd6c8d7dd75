"""Numbers for people: exact bytes beside KiB, MACs with decimal prefixes."""


def exact(value: int) -> str:
    """A number with thousands separated, like ``55,296``."""
    return f"{value:,}"


def kib(value: int) -> str:
    """Bytes in KiB or MiB (1024), like ``54.0 KiB``."""
    if value >= 1024 * 1024:
        return f"{value / 1024 / 1024:.2f} MiB"
    return f"{value / 1024:.1f} KiB"


def size(value: int) -> str:
    """Exact bytes and KiB, like ``55,296 B (54.0 KiB)``."""
    return f"{exact(value)} B ({kib(value)})"


def decimal(value: int) -> str:
    """A count with a decimal prefix, like ``7.16 M``."""
    for unit, factor in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if value >= factor:
            return f"{value / factor:.2f} {unit}"
    return str(value)
