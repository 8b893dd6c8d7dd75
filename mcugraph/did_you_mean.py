"""What somebody who wrote a name that there is not may have meant."""

from collections.abc import Callable, Iterable

_LIKE = 0.6  # difflib's own notion of what is alike
_AS_LIKE = 0.1  # what is so much less alike than the best is not meant
_MOST = 3


def suggestion(
    wanted: str,
    known: Iterable[str],
    called: Callable[[str], Iterable[str]] = lambda name: (name,),
) -> str:
    """The end of an error message: ``; did you mean this?``, or nothing.

    Args:
        wanted: What was written.
        known: The names that there are.
        called: What each of them may be called.
    """
    from difflib import SequenceMatcher  # loaded when something is wrong

    matcher = SequenceMatcher(b=wanted)  # what is its second sequence is looked at once

    def likeness(text: str) -> float:
        matcher.set_seq1(text)
        return matcher.ratio() if matcher.quick_ratio() >= _LIKE else 0.0

    alike = {name: max(map(likeness, called(name)), default=0.0) for name in known}
    best = max(alike.values(), default=0.0)
    if best < _LIKE:
        return ""
    close = [name for name in alike if alike[name] >= best - _AS_LIKE]
    close.sort(key=lambda name: -alike[name])
    more = ", ..." if len(close) > _MOST else ""
    return f"; did you mean {', '.join(close[:_MOST])}{more}?"
