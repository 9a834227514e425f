"""Access invariants, proved over all grants: identity and resource policies, wildcards, exceptions, managed
policies."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from stackproof.graph.access import Access, Invariant
from stackproof.graph.arns import arn, common, covers
from stackproof.graph.graph import Graph
from stackproof.graph.iam.actions import expand, is_wildcard
from stackproof.graph.iam.denials import is_denied
from stackproof.graph.iam.grants import IDENTITIES, Grant, identity_grants, resource_grants
from stackproof.graph.iam.principals import parameter
from stackproof.rules import Hit
from stackproof.template.model import Resource, UnknownValueError
from stackproof.template.references import target

# Managed policies of AWS that grant nothing on data of a stack: what they give, by the services' own use of them.
_HARMLESS = (
    "service-role/*",
    "AWSXRayDaemonWriteAccess",
    "CloudWatchAgentServerPolicy",
    "AmazonSSMManagedInstanceCore",
)


def breaches(graph: Graph, access: Access) -> Iterator[Hit]:
    """Every breach of an invariant, at the statement that makes it, and every invariant that speaks of nothing.

    Raises: UnknownValueError when a policy is not known, after what is certain.
    """
    for invariant in access.invariants:
        yield from _speaks_of_nothing(graph, invariant)
    for one in access.external:
        if one.parameter is not None and parameter(graph, one.parameter) is None:
            yield Hit(f"access.yaml names the parameter {one.parameter}, which does not exist")
    unknown: UnknownValueError | None = None
    for grants in (identity_grants(graph), resource_grants(graph)):
        try:
            for grant in grants:
                for invariant in access.invariants:
                    yield from _breach(graph, invariant, grant)
        except UnknownValueError as error:
            unknown = error
    yield from _managed(graph, access)
    for invariant in access.invariants:
        yield from _not_denied(graph, invariant)
    if unknown is not None:
        raise unknown


def _speaks_of_nothing(graph: Graph, invariant: Invariant) -> Iterator[Hit]:
    for name in invariant.resources:
        resource = graph.resources.get(name.split("/", 1)[0])
        if resource is None:
            yield Hit(f"the invariant {invariant.id} names the resource {name}, which does not exist")
        elif not arn(graph, resource):
            yield Hit(f"the invariant {invariant.id} names {name}: nothing is known of the ARNs of {resource.type}")
    for name in invariant.only:
        resource = graph.resources.get(name)
        is_identity = resource is not None and resource.type in IDENTITIES
        if not is_identity and parameter(graph, name) is None:
            yield Hit(f"the invariant {invariant.id} names {name}, which is no role and no parameter")
    for action in invariant.actions:
        if not expand(action):
            yield Hit(f"the invariant {invariant.id} names the action {action}, which does not exist")


def _breach(graph: Graph, invariant: Invariant, grant: Grant) -> Iterator[Hit]:
    if invariant.when or _is_allowed(graph, invariant, grant.principal):
        return
    action = next((one for pattern in invariant.actions for one in expand(pattern) if grant.covers(one)), None)
    if action is None:
        return
    for name in invariant.resources:
        if _reaches(graph, grant, name):
            statement = grant.statement
            who = "everybody" if grant.principal == "*" else grant.principal
            message = f"{statement.name} lets {who} {action} on {name}, against the invariant {invariant.id}"
            yield Hit(message, path=statement.path, resource=statement.holder.logical_id)
            return


def _is_allowed(graph: Graph, invariant: Invariant, principal: str) -> bool:
    return principal in invariant.only or any(principal == parameter(graph, name) for name in invariant.only)


def _reaches(graph: Graph, grant: Grant, name: str) -> bool:
    """Whether a grant's resources and an invariant's have something in common."""
    wanted = resource_arn(graph, name)
    if wanted is None:
        return False
    patterns = [common(graph, value) for value, _ in grant.statement.texts("Resource")]
    if patterns:
        return any(_meet(pattern, wanted) for pattern in patterns)
    excepted = [common(graph, value) for value, _ in grant.statement.texts("NotResource")]
    return not any(covers(pattern, wanted) for pattern in excepted)


def resource_arn(graph: Graph, name: str) -> str | None:
    """The ARN pattern that an invariant's resource stands for, None for a resource that does not exist."""
    logical_id, _, below = name.partition("/")
    resource = graph.resources.get(logical_id)
    form = arn(graph, resource) if resource else ""
    return (f"{form}/{below}" if below else form) or None


def _meet(pattern: str, wanted: str) -> bool:
    """Whether two patterns have an ARN in common; one with nothing after its end also stands for what lies below it."""
    samples = {wanted.replace("*", sample) for sample in ("*", "x", "")} | {f"{wanted}/*", f"{wanted}:*"}
    return (
        any(covers(pattern, sample) for sample in samples) or covers(wanted, pattern) or covers(f"{wanted}/*", pattern)
    )


def _managed(graph: Graph, access: Access) -> Iterator[Hit]:
    """Managed policies whose content the template does not show."""
    if not any(not invariant.when for invariant in access.invariants):
        return
    for identity in graph.of_type(*IDENTITIES):
        listed = identity.properties.get("ManagedPolicyArns") or []
        for index, value in enumerate(listed if isinstance(listed, list) else [listed]):
            if _is_shown(graph, value) or not isinstance(value, str):
                continue
            name = value.split(":policy/")[-1]
            if not any(fnmatchcase(name, pattern) for pattern in _HARMLESS):
                message = f"what the managed policy {name} grants is not known, so the access invariants are not proven"
                yield Hit(message, path=("Properties", "ManagedPolicyArns", index), resource=identity.logical_id)


def _is_shown(graph: Graph, value: object) -> bool:
    resource: Resource | None = graph.resources.get(target(value) or "")
    return resource is not None and resource.type == "AWS::IAM::ManagedPolicy"


def _not_denied(graph: Graph, invariant: Invariant) -> Iterator[Hit]:
    if not invariant.denied:
        return
    for name in invariant.resources:
        resource = graph.resources.get(name.split("/", 1)[0])
        wanted = resource_arn(graph, name)
        for action in invariant.actions if resource is not None and wanted else ():
            one = action if is_wildcard(action) else (expand(action) or (action,))[0]
            if resource is not None and wanted and not is_denied(graph, resource, wanted, one, invariant):
                who = f"everybody but {', '.join(invariant.only)}" if invariant.only else "everybody"
                under = " under its conditions" if invariant.when else ""
                message = f"no policy denies {who} {action} on {name}{under}, as the invariant {invariant.id} demands"
                yield Hit(message, path=("Properties",), resource=resource.logical_id)
