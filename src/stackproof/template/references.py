"""References inside resolved values.

`!Ref Bucket`, `!GetAtt Bucket.Arn`, `!Sub "${Bucket.Arn}/*"` and `!Join` of these all resolve to a text in which a
reference is a token. A token is delimited by two private characters, so that no text of a template can be taken for
one. Pseudo parameters (AWS::Region and so on) are tokens too: they have no value before a deployment."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_OPEN, _CLOSE = "\ue100", "\ue101"
_TOKEN = re.compile(f"{_OPEN}([^{_OPEN}{_CLOSE}]+){_CLOSE}")


@dataclass(frozen=True, kw_only=True, order=True)
class Reference:
    """To a resource (its Ref, or an attribute of it), or to a pseudo parameter such as AWS::Region."""

    target: str
    attribute: str | None = None

    @property
    def is_pseudo(self) -> bool:
        """Whether it is a pseudo parameter."""
        return self.target.startswith("AWS::")

    @property
    def token(self) -> str:
        """The reference as a resolved text."""
        name = self.target if self.attribute is None else f"{self.target}.{self.attribute}"
        return f"{_OPEN}{name}{_CLOSE}"


def has_token(text: str) -> bool:
    """Whether a text holds a sign that delimits tokens: no text of a user's may."""
    return _OPEN in text or _CLOSE in text


def _reference(name: str) -> Reference:
    target, _, attribute = name.partition(".")
    return Reference(target=target, attribute=attribute or None)


def whole(value: Any) -> Reference | None:
    """The reference that a value is as a whole, None for anything else."""
    if isinstance(value, str) and (found := _TOKEN.fullmatch(value)):
        return _reference(found.group(1))
    return None


def inside(value: Any) -> Iterator[Reference]:
    """Every reference in a text, in order; of a list or mapping, in all of its values."""
    match value:
        case str():
            if _OPEN in value:  # most texts hold none, and looking for a sign is cheap
                yield from (_reference(name) for name in _TOKEN.findall(value))
        case list():
            for item in value:
                yield from inside(item)
        case dict():
            for item in value.values():
                yield from inside(item)
        case _:
            return


def target(value: Any) -> str | None:
    """The logical id that a value refers to as a whole (`!Ref X` or `!GetAtt X.Anything`), None for anything else."""
    reference = whole(value)
    return None if reference is None or reference.is_pseudo else reference.target


def substitute(text: str, replace: "Any") -> str:
    """`text` with each token replaced by `replace(reference)`."""
    return _TOKEN.sub(lambda found: str(replace(_reference(found.group(1)))), text)


def display(text: str) -> str:
    """A resolved text for people: tokens as `${Bucket.Arn}`."""
    return _TOKEN.sub(r"${\1}", text)
