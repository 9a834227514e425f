"""Uploads by others than this template: who may write an object may ask for another encryption than the bucket's own.

A header of the request wins over the bucket's default (S3, Specifying server-side encryption with AWS KMS), so only the
bucket's policy can refuse it. Which requests it refuses is found by evaluating it, however it is written.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.graph.arns import arn, common
from stackproof.graph.graph import Graph
from stackproof.graph.statements import Statement, resource_policies
from stackproof.graph.values import items, known, mapping, texts
from stackproof.graph.wildcards import covers
from stackproof.template.model import Path, Resource
from stackproof.template.references import target

_ALGORITHM = "s3:x-amz-server-side-encryption"
_KEY = "s3:x-amz-server-side-encryption-aws-kms-key-id"
_OPERATOR = re.compile(r"(String|Arn)(Not)?(Equals|Like|EqualsIgnoreCase)(IfExists)?")
_NAMED = re.compile(r":(role|user)/")
_ELSEWHERE = "arn:aws:kms:region:account:key/another"

Request = Mapping[str, str]
"""What an upload says, by condition key in lower case; a header that it does not have is missing."""


@dataclass(frozen=True, kw_only=True)
class Leak:
    """An upload that should be refused and is not, or the reverse, and the statement that lets others upload."""

    path: Path
    holder: Resource
    what: str


def outside_uploads(graph: Graph, bucket: Resource) -> list[Statement]:
    """The statements that let principals of outside this template write objects."""
    return [
        one
        for one in resource_policies(graph, bucket)
        if one.effect == "Allow" and one.has_action("s3:PutObject") and any(True for _ in _outsiders(graph, one))
    ]


def leaks(graph: Graph, bucket: Resource, own_key: str) -> Iterator[Leak]:
    """The ways in which outsiders can store objects under another encryption than a bucket's own key."""
    policy = list(resource_policies(graph, bucket))
    for allowed in outside_uploads(graph, bucket):
        objects = [pattern.replace("*", "any").replace("?", "x") for pattern in allowed.resources(graph)]
        for name in _outsiders(graph, allowed):
            for what, headers in _requests(graph, own_key):
                request = {"aws:principalarn": common(graph, name), "aws:securetransport": "true", **headers}
                refused = [_is_refused(graph, policy, request, name, one) for one in objects]
                if what and not all(refused):
                    said = f"may ask for {what} instead of the bucket's own key"
                    yield Leak(path=allowed.path, holder=allowed.holder, what=said)
                elif not what and any(refused) and _NAMED.search(name):
                    yield Leak(path=allowed.path, holder=allowed.holder, what="is refused, although it is right")


def _requests(graph: Graph, own_key: str) -> Iterator[tuple[str, Request]]:
    """What an upload may not ask for, in words and as the request says it; '' for what it may."""
    yield "", {}
    yield "", {_ALGORITHM: "aws:kms", _KEY: own_key}
    yield "SSE-S3", {_ALGORITHM: "AES256"}
    yield "the key that AWS manages (aws:kms without a key)", {_ALGORITHM: "aws:kms"}
    yield "any other key", {_ALGORITHM: "aws:kms", _KEY: _ELSEWHERE}
    for key in graph.of_type("AWS::KMS::Key"):
        if (name := arn(graph, key)) != own_key:
            yield f"the key {key.logical_id}", {_ALGORITHM: "aws:kms", _KEY: name}


def _outsiders(graph: Graph, statement: Statement) -> Iterator[str]:
    principal = known(statement.body.get("Principal"))
    for name in texts(["*"] if principal == "*" else mapping(principal).get("AWS")):
        if target(name) not in graph.resources:
            yield name


def _is_refused(graph: Graph, policy: list[Statement], request: Request, name: str, wanted: str) -> bool:
    return any(
        one.effect == "Deny"
        and one.has_action("s3:PutObject")
        and any(covers(pattern, wanted) for pattern in one.resources(graph))
        and (one.is_for_everybody() or name in texts(mapping(one.body.get("Principal")).get("AWS")))
        and all(_holds(graph, operator, key, value, request) for operator, key, value in one.conditions())
        for one in policy
    )


def _holds(graph: Graph, operator: str, key: str, value: Any, request: Request) -> bool:
    """Whether a condition surely holds for a request."""
    said = request.get(key)
    if operator == "Null" and key in (_ALGORITHM, _KEY):
        return [str(known(item)).lower() for item in items(value)] == ["true" if said is None else "false"]
    if operator in ("Bool", "BoolIfExists") and said is not None:
        return any(str(known(item)).lower() == said for item in items(value))
    found = _OPERATOR.fullmatch(operator)
    if found is None or (said is None and key not in (_ALGORITHM, _KEY)):
        return False
    is_negated, is_optional = found[2] is not None, found[4] is not None
    if said is None:
        return is_negated or is_optional
    matches = any(covers(common(graph, text), said) for text in texts(value))
    return matches != is_negated
