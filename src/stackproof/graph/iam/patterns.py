"""Patterns of actions and ARNs: whether two have something in common."""

import re
from functools import lru_cache

from stackproof.graph.wildcards import covers

_WILD = re.compile(r"[*?]")


@lru_cache(maxsize=8192)
def overlap(one: str, other: str) -> bool:
    """Whether some text is covered by both patterns (`*` and `?`)."""
    if not _WILD.search(one):
        return covers(other, one)
    if not _WILD.search(other):
        return covers(one, other)
    heads = _WILD.split(one, maxsplit=1)[0], _WILD.split(other, maxsplit=1)[0]
    tails = re.split(r"[*?]", one)[-1], re.split(r"[*?]", other)[-1]
    if not heads[0].startswith(heads[1]) and not heads[1].startswith(heads[0]):
        return False
    if not tails[0].endswith(tails[1]) and not tails[1].endswith(tails[0]):
        return False
    return _meet(one, other)


def _meet(one: str, other: str) -> bool:
    """Both read sign by sign: `row[j]` tells whether the first i signs of one and the first j of the other can meet."""
    row = [True] + [False] * len(other)
    for j, sign in enumerate(other):
        row[j + 1] = row[j] and sign == "*"
    for left in one:
        after = [row[0] and left == "*"]
        for j, right in enumerate(other):
            if left == "*" or right == "*":
                after.append(row[j + 1] or after[j] or row[j])
            else:
                after.append(row[j] and (left == right or "?" in (left, right)))
        row = after
    return row[-1]
