"""Patterns of IAM policies: wildcards, policy variables, ARNs. Pure.

`*` stands for any characters and `?` for one. In an ARN each of the six parts between colons is matched by itself
(IAM User Guide, "Resource": a wildcard does not reach over a colon of the first five). What a policy variable brings
in is literal: a `*` in a value is no wildcard.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from stackproof.embedded.errors import EmbeddedError

Lookup = Callable[[str], str | None]

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_DEFAULT = re.compile(r"^(?P<key>[^,]+?)\s*,\s*'(?P<default>[^']*)'$")
_LITERAL = {"*", "?", "$"}
# Literal `*` and `?` (from `${*}` or a variable's value) travel through a pattern as these private characters.
_HIDE = str.maketrans({"*": "\ue000", "?": "\ue001"})
_SHOW = str.maketrans({"\ue000": "*", "\ue001": "?"})


@lru_cache(maxsize=8192)
def _pattern(glob: str, ignore_case: bool) -> re.Pattern[str]:
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c.translate(_SHOW)) for c in glob)
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def matches(glob: str, text: str, *, ignore_case: bool = False) -> bool:
    """Whether a pattern with `*` and `?` covers the whole text."""
    return _pattern(glob, ignore_case).fullmatch(text) is not None


def equals(expanded: str, text: str, *, ignore_case: bool = False) -> bool:
    """Whether an expanded value is the text, with no wildcards."""
    literal = expanded.translate(_SHOW)
    return literal.casefold() == text.casefold() if ignore_case else literal == text


def arn_matches(glob: str, arn: str) -> bool:
    """Whether an ARN pattern covers an ARN, part by part; `*` alone covers everything."""
    if glob == "*":
        return True
    want, have = glob.split(":", 5), arn.split(":", 5)
    return len(want) == len(have) == 6 and all(matches(w, h) for w, h in zip(want, have, strict=True))


def resource_matches(glob: str, resource: str) -> bool:
    """Whether a Resource element covers a resource (`*` as the resource: the action knows none).

    Raises: EmbeddedError for a Resource that is neither `*` nor a whole ARN of six parts.
    """
    if glob == "*":
        return True
    if glob.count(":") < 5 or not glob.startswith("arn:"):
        raise EmbeddedError(f"The policy resource {glob!r} is neither '*' nor a whole ARN (arn:partition:service:...).")
    return arn_matches(glob, resource)


def expand(text: str, lookup: Lookup) -> str | None:
    """`text` with its policy variables replaced, or None when one has neither a value nor a default.

    `${*}`, `${?}` and `${$}` are the characters themselves.
    """
    if "${" not in text:
        return text
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        inner = found.group(1)
        if inner in _LITERAL:
            return inner.translate(_HIDE)
        default = _DEFAULT.match(inner)
        got = lookup(default["key"] if default else inner)
        if got is None and default:
            got = default["default"]
        missing = missing or got is None
        return (got or "").translate(_HIDE)

    expanded = _VARIABLE.sub(value, text)
    return None if missing else expanded
