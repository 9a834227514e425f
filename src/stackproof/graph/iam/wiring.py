"""What of a template makes a source call a function: a rule's target, a subscription, a notification, a custom
resource."""

from stackproof.graph.graph import Graph
from stackproof.template.model import Resource
from stackproof.template.references import target

# Resources that speak of a source and a function without having one call the other.
_TALKERS = (
    "AWS::IAM::",
    "AWS::CloudWatch::",
    "AWS::Lambda::",
    "AWS::KMS::",
    "AWS::SSM::",
    "AWS::Logs::QueryDefinition",
)
_TOKEN = ("Properties", "ServiceToken")


def miswired(graph: Graph, function: Resource, source: Resource) -> str:
    """Why a permission for this source on this function can't be meant: one of them is wired to another, and they are
    not wired together. '' when nothing speaks against it."""
    pairs = _pairs(graph)
    if (source.logical_id, function.logical_id) in pairs:
        return ""
    for other, called in sorted(pairs):
        if other == source.logical_id and graph.resources[called].type == "AWS::Lambda::Function":
            return f"{source.logical_id} calls {called}, not {function.logical_id}"
        if called == function.logical_id and graph.resources[other].type == source.type:
            return f"{function.logical_id} is called by {other}, not by {source.logical_id}"
    return ""


def service_tokens(graph: Graph) -> set[str]:
    """The functions that answer for custom resources."""
    return {edge.target for edge in graph.edges if edge.path == _TOKEN}


def _pairs(graph: Graph) -> set[tuple[str, str]]:
    """Sources and functions that something of the template speaks of together."""
    if "iam.wiring" not in graph.cache:
        pairs: set[tuple[str, str]] = set()
        functions = {one.logical_id for one in graph.of_type("AWS::Lambda::Function")}
        for name in {user.logical_id for function in functions for user in graph.referrers(function)}:
            kind = graph.resources[name].type
            if not kind.startswith(_TALKERS) and not kind.endswith("Policy"):
                named = {edge.target for edge in graph.edges if edge.source == name and edge.path != _TOKEN}
                pairs |= {(other, one) for one in named & functions for other in (named | {name}) - functions}
        graph.cache["iam.wiring"] = pairs
    found: set[tuple[str, str]] = graph.cache["iam.wiring"]
    return found


def function_of(graph: Graph, permission: Resource) -> Resource | None:
    """The function of the template that a permission is on."""
    value = permission.properties.get("FunctionName")
    resource = graph.resources.get(target(value) or "") if isinstance(value, str) else None
    return resource if resource is not None and resource.type == "AWS::Lambda::Function" else None
