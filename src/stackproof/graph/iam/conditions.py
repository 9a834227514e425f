"""Conditions that exist: operators, keys, values of the kind that a key has."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from stackproof.graph.iam.actions import condition_keys, condition_type, is_wildcard, service_exists
from stackproof.graph.iam.data import (
    CLOSING_ACCOUNTS,
    CLOSING_ARNS,
    GLOBAL_KEYS,
    GLOBAL_PREFIXES,
    MANY_VALUES,
    OPERATORS,
    SERVICE_NAMES,
)
from stackproof.graph.iam.documents import Statement
from stackproof.template.model import Path, Unknown, UnknownValueError
from stackproof.template.references import display, substitute, whole

_SET = re.compile(r"^(?:ForAllValues|ForAnyValue):", re.IGNORECASE)
_FEDERATED = re.compile(r"[^:]+\.[^:]+(?:/[^:]*)?:[A-Za-z0-9_.-]+|saml:.+|graph\.facebook\.com:.+", re.IGNORECASE)
_PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::URLSuffix": "amazonaws.com"}
_VIA = re.compile(r"[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")
_VIA_LIKE = re.compile(r"[a-z0-9*?-]+\.amazonaws\.(?:com|com\.cn|\*)|\*(?:\.amazonaws\.com)?")
_TRUTHS = ("true", "false", True, False)
_OPERATORS = {name.lower(): name for name in OPERATORS}


def faults(statements: Iterable[Statement]) -> Iterator[tuple[str, Path]]:
    """What is wrong with the conditions of statements: message, place.

    Raises: UnknownValueError when a value that would be judged is not known, after what is certain.
    """
    unknown: Unknown | None = None
    for statement in statements:
        for operator, key, values, place in statement.conditions():
            if fault := condition_fault(operator, key, values):
                yield f"{statement.name}: {fault}", place
            elif operator.lower().startswith("forallvalues:") and statement.allows and not has_many_values(key.lower()):
                yield f"{statement.name}: ForAllValues on {key} holds for every request without that key", place
            elif _is_judged(operator.lower(), key.lower()):
                unknown = next((value for value in values if isinstance(value, Unknown)), unknown)
    if unknown is not None:
        raise UnknownValueError(unknown)


def _is_judged(operator: str, key: str) -> bool:
    """Whether it matters which values a condition has."""
    plain = _SET.sub("", operator)
    kinds = ("bool", "null", "arn")
    return plain.startswith(kinds) or key in CLOSING_ACCOUNTS or key in CLOSING_ARNS or key == "kms:viaservice"


def condition_fault(operator: str, key: str, values: list[Any]) -> str:
    """What is wrong with a condition, '' when it can ever hold and can ever fail."""
    bare = _SET.sub("", operator)
    plain = bare.removesuffix("IfExists") if bare.lower() != "nullifexists" else bare
    if plain.lower() not in _OPERATORS:
        return f"the condition operator {operator} does not exist"
    if not _key_exists(key.lower()):
        return f"the condition key {key} does not exist"
    if not values:
        return f"the condition on {key} has no value"
    odd = next((value for value in values if _is_odd(plain.lower(), key.lower(), value)), None)
    return f"the condition on {key} compares with {_shown(odd)}, which it never is" if odd is not None else ""


def _shown(value: Any) -> str:
    return display(value) if isinstance(value, str) else str(value)


def _is_odd(operator: str, key: str, value: Any) -> bool:
    """Whether a key of a request never has such a value."""
    if isinstance(value, Unknown):
        return False
    if operator in ("bool", "null"):
        return value not in _TRUTHS or (isinstance(value, int) and not isinstance(value, bool))
    if not isinstance(value, str):
        return False
    if not value:
        return not key.startswith("s3:")  # of S3, an empty prefix is one
    is_like = "like" in operator or operator.startswith("arn")
    if operator.startswith("string") and not is_like and value.startswith("arn:") and is_wildcard(value):
        return True  # compared sign by sign
    if key in CLOSING_ACCOUNTS and operator.startswith("string"):
        return not _is_account(value, like=is_like)
    if operator.startswith("arn") or key in CLOSING_ARNS:
        return not whole(value) and value != "*" and not re.match(r"arn:[^:]*:[^:]*:[^:]*:[^:]*:.", _plain(value))
    return key == "kms:viaservice" and not _is_via(_plain(value), like=is_like)


def _plain(value: str) -> str:
    return substitute(value, lambda reference: _PSEUDO.get(reference.target, "x"))


def _is_via(value: str, *, like: bool) -> bool:
    """Whether a service calls KMS under such a name: "s3.eu-west-1.amazonaws.com" (KMS, Condition keys)."""
    name, _, rest = value.partition(".")
    is_one = service_exists(name) or name in SERVICE_NAMES or (like and is_wildcard(name))
    return is_one and (_VIA_LIKE if like else _VIA).fullmatch(rest) is not None


@lru_cache(maxsize=4096)
def has_many_values(key: str) -> bool:
    """Whether a request may have several values of a condition key."""
    if key in GLOBAL_KEYS or key.startswith(GLOBAL_PREFIXES):
        return key in MANY_VALUES
    found = next((one for one in condition_keys(key.partition(":")[0]) if _is_key(one, key)), None)
    return found is None or condition_type(found).startswith("Array")


def _is_account(value: str, *, like: bool) -> bool:
    reference = whole(value)
    if reference:
        return reference.target == "AWS::AccountId" or not reference.is_pseudo
    return re.fullmatch(r"\d{12}", value) is not None or (like and "*" in value)


@lru_cache(maxsize=4096)
def _key_exists(key: str) -> bool:
    if key in GLOBAL_KEYS or key.startswith(GLOBAL_PREFIXES) or _FEDERATED.fullmatch(key):
        return True
    service = key.partition(":")[0]
    if service == "aws" or not service_exists(service):
        return False
    return any(_is_key(known, key) for known in condition_keys(service))


def _is_key(known: str, key: str) -> bool:
    pieces = re.split(r"\$\{[^}]+\}|<[^>]+>", known)
    return re.fullmatch(".+".join(map(re.escape, pieces)), key) is not None
