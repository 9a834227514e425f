"""Flow logs of networks: what they record, where they go, and whether they may be written there."""

from typing import Any

from stackproof.findings.outcome import Outcome
from stackproof.graph.arns import common
from stackproof.graph.grants import context, may, trusted
from stackproof.graph.graph import Graph
from stackproof.graph.logs import GROUP, ROLE
from stackproof.graph.values import known
from stackproof.rules import Hit, Hits
from stackproof.template.model import Resource, Unknown, UnknownValueError
from stackproof.template.references import display, whole

FLOW_LOG = "AWS::EC2::FlowLog"
_SERVICE = "vpc-flow-logs.amazonaws.com"
_SOURCE = "arn:aws:ec2:region:account:vpc-flow-log/fl-any"
_WRITES = ("logs:CreateLogStream", "logs:PutLogEvents")
_OTHERS = {
    "s3": ("AWS::S3::Bucket", ":s3:::"),
    "kinesis-data-firehose": ("AWS::KinesisFirehose::DeliveryStream", ":firehose:"),
}


def of(graph: Graph, network: Resource) -> list[Resource]:
    """The flow logs of a network.

    Raises: UnknownValueError when none is for sure and one might be.
    """
    found: list[Resource] = []
    doubt: Unknown | None = None
    for log in graph.of_type(FLOW_LOG):
        value = log.properties.get("ResourceId")
        if isinstance(value, Unknown):
            doubt = value
        elif graph.referred(value) is network and _is_id(value):
            found.append(log)
    if doubt is not None and not found:
        raise UnknownValueError(doubt)
    return found


def _is_id(value: Any) -> bool:
    reference = whole(value)
    return reference is not None and reference.attribute in (None, "VpcId")


def faults(graph: Graph, network: Resource) -> Hits:
    """Why nobody can say who talked to whom in a network."""
    logs = of(graph, network)
    if not logs:
        yield Hit("the network has no flow log", path=("Properties",))
        return
    seen = {str(known(log.properties.get("TrafficType"))) for log in logs}
    if "ALL" not in seen and not {"ACCEPT", "REJECT"} <= seen:
        message = f"the flow log records only {', '.join(sorted(seen))}, not all traffic"
        yield Hit(message, path=_at(logs[0], "TrafficType"), resource=logs[0].logical_id)
    for log in logs:
        for hit in log_faults(graph, log):
            yield Hit(hit.message, path=hit.path, outcome=hit.outcome, resource=log.logical_id)


def log_faults(graph: Graph, log: Resource) -> Hits:
    """Why a flow log writes nothing."""
    if known(log.properties.get("ResourceType")) != "VPC":
        yield Hit("the flow log's resource is a VPC, its ResourceType is not", path=_at(log, "ResourceType"))
    if known(log.get("MaxAggregationInterval", default=600)) not in (60, 600):
        yield Hit("the flow log's interval is neither 60 nor 600 s", path=_at(log, "MaxAggregationInterval"))
    kind = known(log.get("LogDestinationType", default="cloud-watch-logs"))
    if kind == "cloud-watch-logs":
        yield from _group_faults(graph, log)
    elif isinstance(kind, str) and kind in _OTHERS:
        yield from _other_faults(graph, log, kind)
    else:
        yield Hit(f"{display(str(kind))} is no destination of flow logs", path=_at(log, "LogDestinationType"))


def _at(log: Resource, name: str) -> tuple[str, ...]:
    return ("Properties", name) if name in log.properties else ("Properties",)


def _other_faults(graph: Graph, log: Resource, kind: str) -> Hits:
    type_, part = _OTHERS[kind]
    for name in ("LogGroupName", *(("DeliverLogsPermissionArn",) if kind == "s3" else ())):
        if name in log.properties:
            yield Hit(f"a flow log to {kind} takes no {name}", path=("Properties", name))
    value = known(log.properties.get("LogDestination"))
    if not _is_arn(graph, value, type_, part):
        message = f"the flow log's destination is no ARN of an {type_}: {display(str(value))}"
        yield Hit(message, path=_at(log, "LogDestination"))


def _is_arn(graph: Graph, value: Any, type_: str, part: str) -> bool:
    """Whether a value is the ARN of a resource of a type, with or without a folder behind it."""
    if not isinstance(value, str):
        return False
    reference = whole(value.split("/", 1)[0])
    found = graph.resources.get(reference.target) if reference else None
    if reference is None or found is None:
        return part in common(graph, value)
    return found.type == type_ and reference.attribute == "Arn"


def _group_faults(graph: Graph, log: Resource) -> Hits:
    named, arn_ = known(log.properties.get("LogGroupName")), known(log.properties.get("LogDestination"))
    place = "LogGroupName" if named is not None else "LogDestination"
    value = named if named is not None else arn_
    if not isinstance(value, str) or not value:
        yield Hit("the flow log has no destination", path=("Properties",))
        return
    reference = whole(value)
    group = graph.resources.get(reference.target) if reference else None
    right = (None,) if named is not None else ("Arn",)
    if reference is not None and (group is None or group.type != GROUP or reference.attribute not in right):
        yield Hit(f"the flow log's destination is no log group: {display(value)}", path=_at(log, place))
        return
    if named is not None and arn_ is not None:
        yield Hit("the flow log has both LogGroupName and LogDestination", path=_at(log, "LogDestination"))
    name = common(graph, value).split(":log-group:", 1)[-1].removesuffix(":*")
    yield from _role_faults(graph, log, name)


def _role_faults(graph: Graph, log: Resource, name: str) -> Hits:
    value = known(log.properties.get("DeliverLogsPermissionArn"))
    at = _at(log, "DeliverLogsPermissionArn")
    if value is None:
        yield Hit("the flow log has no role that writes to the log group (DeliverLogsPermissionArn)", path=at)
        return
    reference, role = whole(value), graph.referred(value)
    if role is None and isinstance(value, str) and ":role/" in value:
        message = f"whether {display(value)} may write the flow log is not known: it is not in the template"
        yield Hit(message, path=at, outcome=Outcome.UNKNOWN)
    elif role is None or role.type != ROLE or (reference and reference.attribute != "Arn"):
        yield Hit(f"the flow log's role is none: {display(str(value))}", path=at)
    elif not trusted(graph, role, _SERVICE, context(_SOURCE)):
        yield Hit(f"the flow log's role {role.logical_id} can't be assumed by {_SERVICE}", path=at)
    else:
        stream = f"arn:aws:logs:region:account:log-group:{name}:log-stream:any"
        for action in _WRITES:
            if not may(graph, role, action, stream, context()):
                yield Hit(f"the flow log's role {role.logical_id} may not write to {name} ({action})", path=at)
