"""The policy statements of a template, wherever they stand, as operators see them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from stackproof.mutate.target import Place, Target
from stackproof.template.model import Path, Resource, Unknown

TLS = "aws:SecureTransport"


class Kind(StrEnum):
    """What a policy says: what a role may do, who may become it, who may use a resource, a key, an endpoint."""

    IDENTITY = "identity"
    TRUST = "trust"
    RESOURCE = "resource"
    KEY = "key"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement: its place and its resolved elements. `alone`: it is the only one of its policy."""

    target: Target
    kind: Kind
    place: Place
    alone: bool

    @property
    def resource(self) -> Resource:
        """The resource that holds it."""
        return self.place.resource

    @property
    def value(self) -> Mapping[str, Any]:
        """Its elements."""
        return self.place.value  # type: ignore[no-any-return]

    @property
    def allows(self) -> bool:
        """Whether it is an Allow."""
        return self.text("Effect") == "Allow"

    @property
    def demands_tls(self) -> bool:
        """Whether it refuses requests without TLS."""
        return not self.allows and TLS in {key for _, key, _ in self.conditions()}

    def text(self, name: str) -> str | None:
        """An element that is one text."""
        value = self.value.get(name)
        return value if isinstance(value, str) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """An element that is a text or a list of them."""
        value = self.value.get(name)
        return tuple(v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str))

    def element(self, *path: str | int) -> Place | None:
        """The place of an element."""
        return self.target.place(self.resource, *self.place.path, *path)

    def items(self, name: str) -> tuple[Place, ...]:
        """The places of an element's texts: of the element itself, or of the items of its list."""
        whole = self.element(name)
        if whole is None or isinstance(whole.value, Unknown):
            return ()
        if isinstance(whole.value, list):
            return tuple(p for i in range(len(whole.value)) if (p := self.element(name, i)) is not None)
        return (whole,)

    def conditions(self) -> Iterator[tuple[str, str, Any]]:
        """Its conditions as (operator, key, value)."""
        found = self.value.get("Condition")
        for operator, keys in found.items() if isinstance(found, Mapping) else ():
            for key, value in keys.items() if isinstance(keys, Mapping) else ():
                yield operator, key, value

    def services(self) -> tuple[str, ...]:
        """The services that are its principals."""
        principal = self.value.get("Principal")
        named = principal.get("Service") if isinstance(principal, Mapping) else None
        return tuple(s for s in (named if isinstance(named, list) else [named]) if isinstance(s, str))


def statements(target: Target) -> Iterator[Statement]:
    """Every statement of every policy document of a template."""
    for resource in target.resources.values():
        for place in target.places(resource):
            if isinstance(place.value, Mapping) and "Statement" in place.value:
                yield from _of(target, resource, place)


def _of(target: Target, resource: Resource, document: Place) -> Iterator[Statement]:
    held = document.value["Statement"]
    base: Path = (*document.path, "Statement")
    paths = [(*base, index) for index in range(len(held))] if isinstance(held, list) else [base]
    for path in paths:
        place = target.place(resource, *path)
        if place is not None and isinstance(place.value, Mapping):
            yield Statement(target=target, kind=_kind(resource, path), place=place, alone=len(paths) == 1)


def _kind(resource: Resource, path: Path) -> Kind:
    if "AssumeRolePolicyDocument" in path:
        return Kind.TRUST
    if resource.type.startswith("AWS::IAM::"):
        return Kind.IDENTITY
    if resource.type == "AWS::KMS::Key":
        return Kind.KEY
    return Kind.ENDPOINT if resource.type == "AWS::EC2::VPCEndpoint" else Kind.RESOURCE
