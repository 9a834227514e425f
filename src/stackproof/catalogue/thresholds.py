"""Thresholds: numbers, lists and patterns that rules of every engine take from thresholds.yaml."""

import math
import re
from collections.abc import Mapping
from typing import Any

from stackproof.catalogue.fields import entries, mapped, worded
from stackproof.catalogue.files import Fault, Where

_PATTERN = "_names"
"""A threshold whose name ends so holds a regular expression."""


def check_thresholds(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The thresholds as they are, if each is something that a rule can use.

    Sections of names; each a number from 0 on, a text (a pattern, if its name says so), a list, or a map of these.
    """
    for section, values in mapped((), data).items():
        for name, value in mapped((section,), values).items():
            if value == []:
                entries((section, name), value)
            _check((section, name), value)
    return data


def _check(where: Where, value: Any) -> None:
    match value:
        case bool() | None:
            raise Fault(where, f"the threshold {_spelled(where)} is {value!r}. Give a number, a text or a list.")
        case int() | float():
            if not math.isfinite(value) or value < 0:
                raise Fault(where, f"the threshold {_spelled(where)} is {value}. Give a number from 0 on.")
        case str():
            _check_text(where, worded(where, value))
        case list():
            for index, item in enumerate(value):
                _check((*where, index), item)
        case dict():
            for key, item in mapped(where, value).items():
                _check((*where, key), item)
        case _:
            raise Fault(where, f"the threshold {_spelled(where)} is {value!r}. Quote it, if a text is meant.")


def _check_text(where: Where, value: str) -> None:
    if not str(where[-1]).endswith(_PATTERN):
        return
    try:
        re.compile(value)
    except re.error as error:
        raise Fault(where, f"{value!r} is no regular expression: {error}. Correct it.") from None


def _spelled(where: Where) -> str:
    return ".".join(map(str, where))
