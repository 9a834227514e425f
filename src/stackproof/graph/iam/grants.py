"""Who gets what: the statements of every policy, by the principal that they are given to."""

from collections.abc import Iterator
from dataclasses import dataclass

from stackproof.graph.graph import Graph
from stackproof.graph.iam.actions import matches
from stackproof.graph.iam.data import NETWORK_INTERFACE_ACTIONS
from stackproof.graph.iam.documents import Kind, Statement, documents, statements
from stackproof.graph.iam.principals import OWN, account, closing, is_account
from stackproof.template.model import Resource, Unknown, UnknownValueError
from stackproof.template.references import target

# Policies that are resources of their own: the property that says to whom they are given.
_ATTACHED = {
    "AWS::IAM::Policy": ("Roles", "Users", "Groups"),
    "AWS::IAM::ManagedPolicy": ("Roles", "Users", "Groups"),
    "AWS::IAM::RolePolicy": ("RoleName",),
    "AWS::IAM::UserPolicy": ("UserName",),
    "AWS::IAM::GroupPolicy": ("GroupName",),
}
_OF_RESOURCES = (Kind.RESOURCE, Kind.KEY, Kind.PERMISSION)
IDENTITIES = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")


@dataclass(frozen=True, kw_only=True)
class Grant:
    """An Allow, and to whom: `principal` is the logical id of a role, user or group, an ARN or account from
    elsewhere, a service, or "*" for everybody."""

    principal: str
    statement: Statement

    def covers(self, action: str) -> bool:
        """Whether it allows an action on something.

        Raises: UnknownValueError.
        """
        for pattern, _ in self.statement.texts("Action"):
            if matches(pattern, action):
                return True
        if "NotAction" not in self.statement.body:
            return False
        return not any(matches(pattern, action) for pattern, _ in self.statement.texts("NotAction"))


def holders(graph: Graph, resource: Resource) -> tuple[str, ...]:
    """The logical ids of the roles, users and groups that get an identity policy; () when it is given to nobody
    here."""
    if resource.type in IDENTITIES:
        return (resource.logical_id,)
    names: list[str] = []
    for property_ in _ATTACHED.get(resource.type, ()):
        listed = resource.properties.get(property_)
        for value in listed if isinstance(listed, list) else [listed]:
            if isinstance(value, Unknown):
                raise UnknownValueError(value)
            if found := graph.referred(value, *IDENTITIES):
                names.append(found.logical_id)
    arn = resource.logical_id
    names += [
        identity.logical_id
        for identity in graph.of_type(*IDENTITIES)
        if arn in {target(value) for value in _managed(identity)}
    ]
    return tuple(dict.fromkeys(names))


def is_for_interfaces(graph: Graph, resource: Resource, action: str) -> bool:
    """Whether an action is what Lambda needs for the network interfaces of a function of the template, whose role gets
    this policy.

    Raises: UnknownValueError.
    """
    if action.lower() not in NETWORK_INTERFACE_ACTIONS:
        return False
    inside = [one for one in graph.of_type("AWS::Lambda::Function") if one.properties.get("VpcConfig") is not None]
    roles = [graph.referred(one.properties.get("Role"), "AWS::IAM::Role") for one in inside]
    return any(role.logical_id in holders(graph, resource) for role in roles if role is not None)


def _managed(identity: Resource) -> list[object]:
    listed = identity.properties.get("ManagedPolicyArns")
    return [value for value in listed if isinstance(value, str)] if isinstance(listed, list) else []


def identity_grants(graph: Graph) -> Iterator[Grant]:
    """Every Allow of every identity policy, once for each of its holders.

    Raises: UnknownValueError, after all that are known.
    """
    unknown: UnknownValueError | None = None
    for name in documents(graph, Kind.IDENTITY):
        resource = graph.resources[name]
        try:
            held = holders(graph, resource) or (name,)
            for statement in statements(graph, resource, Kind.IDENTITY):
                if statement.allows:
                    yield from (Grant(principal=holder, statement=statement) for holder in held)
        except UnknownValueError as error:
            unknown = error
    if unknown:
        raise unknown


def resource_grants(graph: Graph) -> Iterator[Grant]:
    """Every Allow of every resource and key policy and every permission, once for each of its principals: for everybody
    under a condition on aws:PrincipalArn those whom it names. The account's own root is left out: it only lets the
    account's own IAM decide.

    Raises: UnknownValueError, after all that are known.
    """
    unknown: UnknownValueError | None = None
    for name in documents(graph, *_OF_RESOURCES):
        try:
            for statement in statements(graph, graph.resources[name], *_OF_RESOURCES):
                if statement.allows:
                    for value in _let_in(statement):
                        found = graph.referred(value, *IDENTITIES)
                        yield Grant(principal=found.logical_id if found else value, statement=statement)
        except UnknownValueError as error:
            unknown = error
    if unknown:
        raise unknown


def _let_in(statement: Statement) -> Iterator[str]:
    for kind, value, _ in statement.principals():
        named = [one for key, one, _ in closing(statement) if key == "aws:principalarn"] if kind == "*" else []
        if kind == "AWS" and is_account(value) and account(value) == OWN:
            continue
        yield from named or [value]
    if "NotPrincipal" in statement.body:
        yield "*"


def grants_of(graph: Graph, identity: Resource) -> list[Grant]:
    """The Allows of all policies that an identity gets.

    Raises: UnknownValueError when one of them is not known.
    """
    if "iam.grants" not in graph.cache:
        found: dict[str, list[Grant]] = {}
        unknown: UnknownValueError | None = None
        try:
            for grant in identity_grants(graph):
                found.setdefault(grant.principal, []).append(grant)
        except UnknownValueError as error:
            unknown = error
        graph.cache["iam.grants"] = found, unknown
    known, failure = graph.cache["iam.grants"]
    if failure is not None:
        raise failure
    return list(known.get(identity.logical_id, ()))
