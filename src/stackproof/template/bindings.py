"""The variables of the loops (`Fn::ForEach`) around a text."""

import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"([$&])\{(\w+)\}")
_NO_NAME = re.compile(r"[^A-Za-z0-9]")


def bound(text: str, bindings: Mapping[str, str]) -> str:
    """A text with the variables of the loops around it put in."""
    if not bindings:
        return text

    def value(found: re.Match[str]) -> str:
        named = bindings.get(found[2])
        if named is None:
            return found[0]
        return named if found[1] == "$" else _NO_NAME.sub("", named)  # &{} leaves out what no logical id may have

    return _VARIABLE.sub(value, text)
