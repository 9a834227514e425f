"""Statements of policies, as far as rules about storage, network and delivery need them."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from stackproof.graph.arns import arn, common
from stackproof.graph.graph import Graph
from stackproof.graph.values import items, known, mapping, text, texts
from stackproof.graph.wildcards import covers
from stackproof.template.model import Path, Resource, Unknown
from stackproof.template.references import whole


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement: the resource that holds it, its place below that resource, and its body."""

    holder: Resource
    path: Path
    body: Mapping[str, Any]

    @property
    def effect(self) -> str:
        """Allow or Deny, '' for anything else."""
        return text(self.body.get("Effect"))

    @property
    def name(self) -> str:
        """For messages: its Sid, or its number."""
        sid = self.body.get("Sid")
        return sid if isinstance(sid, str) and sid else f"number {self.path[-1]}"

    def has_action(self, action: str) -> bool:
        """Whether Action, or all but NotAction, covers an action ("sqs:SendMessage"; "s3:*" for all of a service)."""
        if any(_matches(pattern, action.lower()) for pattern in self._actions):
            return True
        return "NotAction" in self.body and not any(_meet(pattern, action.lower()) for pattern in self._spared_actions)

    @cached_property
    def _actions(self) -> list[str]:
        return [pattern.lower() for pattern in texts(self.body.get("Action"))]

    @cached_property
    def _spared_actions(self) -> list[str]:
        return [pattern.lower() for pattern in texts(self.body.get("NotAction"))]

    def has_resource(self, graph: Graph, wanted: str) -> bool:
        """Whether Resource, or all but NotResource, covers an ARN (in the common form)."""
        if any(covers(pattern, wanted) for pattern in self.resources(graph)):
            return True
        spared = texts(self.body.get("NotResource")) if "NotResource" in self.body else []
        return bool(spared) and not any(covers(common(graph, pattern), wanted) for pattern in spared)

    def resources(self, graph: Graph) -> list[str]:
        """The ARN patterns of Resource, in the common form."""
        cached: dict[tuple[str, Path], list[str]] = graph.cache.setdefault("statements.resources", {})
        place = (self.holder.logical_id, self.path)
        if place not in cached:
            cached[place] = [common(graph, pattern) for pattern in texts(self.body.get("Resource"))]
        return cached[place]

    def is_for_everybody(self) -> bool:
        """Whether its principal is everybody."""
        principal = known(self.body.get("Principal"))
        return principal == "*" or (isinstance(principal, Mapping) and "*" in texts(principal.get("AWS")))

    def is_for_service(self, service: str) -> bool:
        """Whether a service principal is among its principals, or is not among those that a NotPrincipal spares."""
        if self.is_for_everybody() or service in texts(mapping(self.body.get("Principal")).get("Service")):
            return True
        return self.is_for_all_but({service})

    def is_for_all_but(self, names: Collection[str]) -> bool:
        """Whether it is for everybody whom its NotPrincipal does not name, and that names none of these."""
        spared = known(self.body.get("NotPrincipal"))
        if not isinstance(spared, Mapping):
            return False
        return not any(name in names for kind in spared.values() for name in texts(kind))

    def conditions(self) -> Iterator[tuple[str, str, Any]]:
        """Its conditions: operator, key in lower case, value or values."""
        for operator, keys in mapping(self.body.get("Condition")).items():
            for key, value in mapping(keys).items():
                yield str(operator), str(key).lower(), value


def _meet(pattern: str, action: str) -> bool:
    """Whether what a NotAction spares has anything of an action, or of a whole service ("s3:*")."""
    if action.endswith(":*"):
        return covers(pattern, action) or pattern.startswith((action[:-1], "*"))
    return covers(pattern, action)


def _matches(pattern: str, action: str) -> bool:
    if action.endswith(":*"):
        return pattern in (action, "*", "*:*")
    return covers(pattern, action)


def statements(holder: Resource, document: Any, path: Path) -> Iterator[Statement]:
    """The statements of a policy document (a mapping or its JSON text) that stands at a path of a resource. What is not
    known comes last, so that what is certain is seen first."""
    unknown: Unknown | None = None
    for index, body in enumerate(items(mapping(document).get("Statement"))):
        if isinstance(body, Unknown):
            unknown = body
        elif isinstance(body, Mapping):
            yield Statement(holder=holder, path=(*path, "Statement", index), body=body)
    known(unknown)


def all_statements(graph: Graph) -> list[Statement | Unknown]:
    """Every statement of every policy in the template, trust and key policies aside, and what of them is not known."""
    if "statements.all" not in graph.cache:
        graph.cache["statements.all"] = [
            one for holder, document, path in _documents(graph) for one in _bodies(holder, document, path)
        ]
    found: list[Statement | Unknown] = graph.cache["statements.all"]
    return found


def _documents(graph: Graph) -> Iterator[tuple[Resource, Any, Path]]:
    for holder in graph.resources.values():
        if holder.properties.get("PolicyDocument") is not None:
            yield holder, holder.properties["PolicyDocument"], ("Properties", "PolicyDocument")
        inline = holder.properties.get("Policies") if holder.type.startswith("AWS::IAM::") else None
        for index, policy in enumerate(inline if isinstance(inline, list) else ()):
            document = policy.get("PolicyDocument") if isinstance(policy, Mapping) else policy
            yield holder, document, ("Properties", "Policies", index, "PolicyDocument")


def _bodies(holder: Resource, document: Any, path: Path) -> Iterator[Statement | Unknown]:
    listed = document if isinstance(document, Unknown) else mapping(document).get("Statement")
    for index, body in enumerate(listed if isinstance(listed, list) else [listed]):
        if isinstance(body, Unknown):
            yield body
        elif isinstance(body, Mapping):
            yield Statement(holder=holder, path=(*path, "Statement", index), body=body)


# Policies that are resources of their own: the property that says whose they are, what they may name it by.
_ATTACHED: Mapping[str, tuple[str, tuple[str | None, ...]]] = {
    "AWS::S3::BucketPolicy": ("Bucket", (None,)),
    "AWS::SNS::TopicPolicy": ("Topics", (None, "TopicArn")),
    "AWS::SNS::TopicInlinePolicy": ("TopicArn", (None, "TopicArn")),
    "AWS::SQS::QueuePolicy": ("Queues", (None, "QueueUrl")),
    "AWS::SQS::QueueInlinePolicy": ("Queue", (None, "QueueUrl")),
}


def resource_policies(graph: Graph, resource: Resource) -> Iterator[Statement]:
    """The statements of the policies that are put on a bucket, topic or queue; policies of which it isn't known whose
    they are come last."""
    if "statements.attached" not in graph.cache:
        graph.cache["statements.attached"] = _attached(graph)
    policies, unknown = graph.cache["statements.attached"]
    for policy in policies.get(resource.logical_id, ()):
        yield from statements(policy, policy.get("PolicyDocument"), ("Properties", "PolicyDocument"))
    known(unknown)


def _attached(graph: Graph) -> tuple[dict[str, list[Resource]], Unknown | None]:
    """The policies by the logical id of their owner, and an owner that is not known."""
    found: dict[str, list[Resource]] = {}
    unknown: Unknown | None = None
    for policy in graph.of_type(*_ATTACHED):
        property_, attributes = _ATTACHED[policy.type]
        owners = policy.get(property_)
        for value in owners if isinstance(owners, list) else [owners]:
            if isinstance(value, Unknown):
                unknown = value
                continue
            for owner in _owners(graph, policy, value, attributes):
                found.setdefault(owner.logical_id, []).append(policy)
    return found, unknown


def _owners(graph: Graph, policy: Resource, value: Any, attributes: tuple[str | None, ...]) -> Iterator[Resource]:
    reference = whole(value)
    if reference is None and isinstance(value, str):
        yield from _named(graph, value, policy.type.rsplit("::", 1)[0])
    elif reference and reference.target in graph.resources and reference.attribute in attributes:
        yield graph.resources[reference.target]


def _named(graph: Graph, value: str, service: str) -> Iterator[Resource]:
    name = re.split(r"[:/]", common(graph, value))[-1]
    for resource in graph.of_type(f"{service}::Bucket", f"{service}::Topic", f"{service}::Queue"):
        if re.split(r"[:/]", arn(graph, resource))[-1] == name:
            yield resource


def role_statements(graph: Graph, role: Resource) -> list[Statement]:
    """The statements of a role: of its inline policies, and of policies of the template that are attached to it."""
    cached: dict[str, list[Statement]] = graph.cache.setdefault("statements.roles", {})
    if role.logical_id not in cached:
        cached[role.logical_id] = list(_role_statements(graph, role))
    return cached[role.logical_id]


def _role_statements(graph: Graph, role: Resource) -> Iterator[Statement]:
    for index, policy in enumerate(items(role.get("Policies"))):
        place = ("Properties", "Policies", index, "PolicyDocument")
        yield from statements(role, mapping(policy).get("PolicyDocument"), place)
    attached = [whole(value) for value in texts(role.get("ManagedPolicyArns"))]
    named = {reference.target for reference in attached if reference}
    for policy in graph.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"):
        roles = texts(policy.get("Roles")) or texts(policy.get("RoleName"))
        if policy.logical_id in named or any(graph.referred(name, "AWS::IAM::Role") is role for name in roles):
            yield from statements(policy, policy.get("PolicyDocument"), ("Properties", "PolicyDocument"))
