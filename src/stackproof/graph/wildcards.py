"""Patterns with `*` and `?`, as policies have them, in time that grows with their length only.

`.*` for each `*` would try every way to share a text among them: a pattern of thirty stars, which anybody can write
into a template, would take longer than anybody waits, and nothing can interrupt it. Of what stands between two stars
the first place where it fits is as good as any other, so none of them is ever tried again (an atomic group)."""

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression for the whole of a text."""
    head, *rest = (_piece(piece) for piece in re.split(r"\*+", pattern))
    if not rest:
        return re.compile(head, re.DOTALL)
    *between, tail = rest
    return re.compile(f"{head}{''.join(f'(?>.*?{piece})' for piece in between)}.*{tail}", re.DOTALL)


@lru_cache(maxsize=8192)
def covers(pattern: str, text: str) -> bool:
    """Whether a pattern covers the whole of a text."""
    return _expression(pattern).fullmatch(text) is not None


def _piece(text: str) -> str:
    return "".join("." if sign == "?" else re.escape(sign) for sign in text)
