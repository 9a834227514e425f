"""Conditions that exist: operators, keys, values of the kind that a key has."""

import re
from functools import lru_cache
from typing import Any

from stackproof.graph.iam.actions import condition_keys, service_exists
from stackproof.graph.iam.data import CLOSING_ACCOUNTS, GLOBAL_KEYS, GLOBAL_PREFIXES, OPERATORS
from stackproof.template.model import Unknown
from stackproof.template.references import whole

_SET = re.compile(r"^(?:ForAllValues|ForAnyValue):")
_FEDERATED = re.compile(r"[^:]+\.[^:]+(?:/[^:]*)?:[A-Za-z0-9_.-]+|saml:.+|graph\.facebook\.com:.+", re.IGNORECASE)
_TRUTHS = ("true", "false", True, False)
_OPERATORS = {name.lower(): name for name in OPERATORS}


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
    if plain.lower() in ("bool", "null"):
        odd = [
            v
            for v in values
            if not isinstance(v, Unknown)
            and (v not in _TRUTHS or (isinstance(v, int) and v in (0, 1) and not isinstance(v, bool)))
        ]
        if odd:
            return f"the condition on {key} compares with {odd[0]!r}, which is neither true nor false"
    if key.lower() in CLOSING_ACCOUNTS and plain.lower().startswith("string"):
        odd = [v for v in values if isinstance(v, str) and not _is_account(v, like="like" in plain.lower())]
        if odd:
            return f"the condition on {key} compares with {odd[0]!r}, which is no account"
    if plain.lower().startswith("arn"):
        odd = [
            v
            for v in values
            if isinstance(v, str) and not whole(v) and v != "*" and not re.match(r"arn:[^:]*:[^:]*:[^:]*:[^:]*:.", v)
        ]
        if odd:
            return f"the condition on {key} compares with {odd[0]!r}, which is no ARN"
    return ""


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
