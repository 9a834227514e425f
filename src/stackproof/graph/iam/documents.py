"""Every policy document of a template, wherever it stands and however it is written.

A document is found by its shape (a mapping with `Statement`, or the JSON text of one), not by a list of types, so
that a resource policy of a service that we never heard of is judged as well."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from stackproof.graph.graph import Graph
from stackproof.graph.iam.bare import bare_statement
from stackproof.template.model import Path, Resource, Unknown, UnknownValueError

BARE: Path = ("Properties",)
"""The path of a statement without a document: of a resource whose properties are one."""


class Kind(StrEnum):
    """What a policy is: of an identity, of a resource, of a role (who may become it), of a key, of a VPC endpoint; a
    permission is a statement of a function's policy, which is a resource of its own."""

    IDENTITY = "identity"
    RESOURCE = "resource"
    TRUST = "trust"
    KEY = "key"
    ENDPOINT = "endpoint"
    PERMISSION = "permission"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement: the resource that holds it, its place below that resource, and its body."""

    holder: Resource
    kind: Kind
    path: Path
    body: Mapping[str, Any]

    @property
    def allows(self) -> bool:
        """Whether it grants. Whatever is no Deny is taken for a grant, so that a misspelt effect hides nothing.

        Raises: UnknownValueError.
        """
        effect = self.body.get("Effect")
        return not (isinstance(effect, str) and effect == "Deny") if not isinstance(effect, Unknown) else bool(effect)

    @property
    def name(self) -> str:
        """For messages: its Sid, or its number."""
        sid = self.body.get("Sid")
        number = self.path[-1]
        if isinstance(sid, str) and sid:
            return f"the statement {sid}"
        return f"statement {number + 1}" if isinstance(number, int) else "its only statement"

    def texts(self, element: str) -> Iterator[tuple[str, Path]]:
        """The texts of an element (Action, Resource, ...), a single one as a list of one, with their places.

        Raises: UnknownValueError, after the known ones.
        """
        if element not in self._read:
            self._read[element] = self._texts(element)
        known, unknown = self._read[element]
        yield from known
        if unknown is not None:
            raise UnknownValueError(unknown)

    @cached_property
    def _read(self) -> dict[str, tuple[list[tuple[str, Path]], Unknown | None]]:
        """What `texts` has found, by element."""
        return {}

    def _texts(self, element: str) -> tuple[list[tuple[str, Path]], Unknown | None]:
        value = self.body.get(element)
        place = (*self.path, element)
        items = [(item, (*place, i)) for i, item in enumerate(value)] if isinstance(value, list) else [(value, place)]
        known: list[tuple[str, Path]] = []
        unknown: Unknown | None = None
        for item, where in items:
            if isinstance(item, str):
                known.append((item, where))
            elif isinstance(item, Unknown):
                unknown = item
            elif isinstance(item, int) and not isinstance(item, bool):
                known.append((f"{item:012d}", where))  # an account that YAML took for a number
        return known, unknown

    def has(self, element: str) -> bool:
        """Whether it has an element that says something."""
        value = self.body.get(element)
        return value is not None and not (isinstance(value, list) and not value)

    def principals(self) -> Iterator[tuple[str, Any, Path]]:
        """Its principals: type (AWS, Service, Federated, CanonicalUser, or * for everybody), value, place.

        Raises: UnknownValueError, after the known ones.
        """
        value = self.body.get("Principal")
        place = (*self.path, "Principal")
        if isinstance(value, Unknown):
            raise UnknownValueError(value)
        if isinstance(value, str):
            yield ("*" if value == "*" else "AWS"), value, place
        for kind, items in value.items() if isinstance(value, Mapping) else ():
            inner = Statement(holder=self.holder, kind=self.kind, path=place, body={str(kind): items})
            for item, where in inner.texts(str(kind)):
                yield ("*" if kind == "AWS" and item == "*" else str(kind)), item, where

    def conditions(self) -> Iterator[tuple[str, str, list[Any], Path]]:
        """Its conditions: operator, key, values, place.

        Raises: UnknownValueError when the operators or keys are not known; a value that is not known is given as it is.
        """
        operators = self.body.get("Condition")
        if isinstance(operators, Unknown):
            raise UnknownValueError(operators)
        for operator, keys in operators.items() if isinstance(operators, Mapping) else ():
            if isinstance(keys, Unknown):
                raise UnknownValueError(keys)
            for key, value in keys.items() if isinstance(keys, Mapping) else ():
                place = (*self.path, "Condition", operator, key)
                yield str(operator), str(key), value if isinstance(value, list) else [value], place


@dataclass(frozen=True, kw_only=True)
class Document:
    """A policy document: where it stands, and its value (a mapping, or an Unknown)."""

    holder: Resource
    kind: Kind
    path: Path
    value: Any

    @cached_property
    def known(self) -> tuple[tuple[Statement, ...], Unknown | None]:
        """Its statements as far as they are known, and what of it is not."""
        if isinstance(self.value, Unknown):
            return (), self.value
        listed = self.value.get("Statement")
        place = BARE if self.path == BARE else (*self.path, "Statement")
        many = [(body, (*place, i)) for i, body in enumerate(listed)] if isinstance(listed, list) else [(listed, place)]
        found = tuple(
            Statement(holder=self.holder, kind=self.kind, path=where, body=body)
            for body, where in many
            if isinstance(body, Mapping)
        )
        return found, next((body for body, _ in many if isinstance(body, Unknown)), None)

    def statements(self) -> Iterator[Statement]:
        """Its statements.

        Raises: UnknownValueError, after the known ones.
        """
        yield from self.known[0]
        if self.known[1] is not None:
            raise UnknownValueError(self.known[1])


_IDENTITY = (
    *("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"),
    *("AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy", "AWS::IAM::GroupPolicy", "AWS::SSO::PermissionSet"),
    *("AWS::IoT::Policy", "AWS::Organizations::Policy"),
)
# Properties that hold a policy document, for the case that its value is not known.
_NAMES = frozenset(
    (
        "AccessPolicies AccessPolicy AssumeRolePolicyDocument BucketPolicy DestinationPolicy FileSystemPolicy "
        "InlinePolicy KeyPolicy PermissionsPolicyDocument Policy PolicyDocument PolicyText RepositoryPolicyText "
        "ResourcePolicy"
    ).split()
)


def documents(graph: Graph, *kinds: Kind) -> Mapping[str, tuple[Document, ...]]:
    """The policy documents of these kinds (of all, without) by the logical id of the resource that holds them."""
    if "iam.documents" not in graph.cache:
        graph.cache["iam.documents"] = {
            name: found for name, resource in graph.resources.items() if (found := tuple(_documents(resource)))
        }
    every: dict[str, tuple[Document, ...]] = graph.cache["iam.documents"]
    if not kinds:
        return every
    if ("iam.documents", kinds) not in graph.cache:
        chosen = {name: tuple(d for d in held if d.kind in kinds) for name, held in every.items()}
        graph.cache["iam.documents", kinds] = {name: held for name, held in chosen.items() if held}
    narrowed: dict[str, tuple[Document, ...]] = graph.cache["iam.documents", kinds]
    return narrowed


def statements(graph: Graph, resource: Resource, *kinds: Kind) -> Iterator[Statement]:
    """The statements of the policies that a resource holds.

    Raises: UnknownValueError, after all that are known.
    """
    unknown: UnknownValueError | None = None
    for document in documents(graph, *kinds).get(resource.logical_id, ()):
        try:
            yield from document.statements()
        except UnknownValueError as error:
            unknown = error
    if unknown is not None:
        raise unknown


def _documents(resource: Resource) -> Iterator[Document]:
    if (body := bare_statement(resource)) is not None:
        kind = Kind.PERMISSION if resource.type.startswith("AWS::Lambda::") else Kind.RESOURCE
        yield Document(holder=resource, kind=kind, path=BARE, value={"Statement": body})
    yield from _walk(resource, resource.properties, BARE)


def _walk(resource: Resource, value: Any, path: Path) -> Iterator[Document]:
    match value:
        case Unknown():
            if path[-1] in _NAMES:
                yield Document(holder=resource, kind=_kind(resource, path), path=path, value=value)
        case dict():
            if _is_policy(value, path):
                yield Document(holder=resource, kind=_kind(resource, path), path=path, value=value)
                return
            for name, item in value.items():
                yield from _walk(resource, item, (*path, name))
        case list():
            for index, item in enumerate(value):
                yield from _walk(resource, item, (*path, index))
        case str() if '"Statement"' in value:
            try:
                inner = json.loads(value)
            except ValueError:
                inner = Unknown(reason=f"the policy in {path[-1]} is no JSON") if path[-1] in _NAMES else None
            if isinstance(inner, Unknown) or (isinstance(inner, dict) and _is_policy(inner, path)):
                yield Document(holder=resource, kind=_kind(resource, path), path=path, value=inner)


def _is_policy(value: dict[str, Any], path: Path) -> bool:
    """Whether a mapping is a policy: by where it stands, or by its look (a web ACL's `Statement` has no effects)."""
    if "Statement" not in value:
        return False
    listed = value["Statement"]
    many = listed if isinstance(listed, list) else [listed]
    looks = any(isinstance(one, Unknown) or (isinstance(one, dict) and "Effect" in one) for one in many)
    return path[-1] in _NAMES or "Version" in value or looks


def _kind(resource: Resource, path: Path) -> Kind:
    if path[-1] == "AssumeRolePolicyDocument":
        return Kind.TRUST
    if resource.type in _IDENTITY:
        return Kind.IDENTITY
    if resource.type in ("AWS::KMS::Key", "AWS::KMS::ReplicaKey"):
        return Kind.KEY
    return Kind.ENDPOINT if resource.type == "AWS::EC2::VPCEndpoint" else Kind.RESOURCE


def holds(*kinds: Kind) -> Any:
    """For a rule's `where`: whether a resource holds a policy of these kinds."""
    return lambda resource, graph: resource.logical_id in documents(graph, *kinds)
