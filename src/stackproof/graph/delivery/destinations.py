"""Where what failed goes: queues, topics and others, and who may send there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.graph.arns import arn, common
from stackproof.graph.graph import Graph
from stackproof.graph.statements import Statement, resource_policies, role_statements, statements
from stackproof.graph.values import known, mapping, text, texts
from stackproof.graph.wildcards import covers
from stackproof.template.model import Resource, Unknown, UnknownValueError
from stackproof.template.references import display, whole

QUEUE, TOPIC, FUNCTION = "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::Lambda::Function"
BUCKET, BUS, ROLE = "AWS::S3::Bucket", "AWS::Events::EventBus", "AWS::IAM::Role"
# What gives the ARN of each type: None is Ref (schemas of the types).
_ARN_OF: Mapping[str, tuple[str | None, ...]] = {
    QUEUE: ("Arn",),
    TOPIC: (None, "TopicArn"),
    FUNCTION: ("Arn",),
    BUCKET: ("Arn",),
    BUS: ("Arn",),
}
_SERVICES = {QUEUE: "sqs", TOPIC: "sns", FUNCTION: "lambda", BUCKET: "s3", BUS: "events"}
_SENDING = {
    QUEUE: "sqs:SendMessage",
    TOPIC: "sns:Publish",
    FUNCTION: "lambda:InvokeFunction",
    BUCKET: "s3:PutObject",
    BUS: "events:PutEvents",
}
# Values that only a deployment shows: a nested stack's outputs, a custom resource's data, a parameter's content.
_OPAQUE = ("Custom::", "AWS::CloudFormation::", "AWS::SSM::Parameter")
_KEY_USES = ("kms:GenerateDataKey", "kms:Decrypt")


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where something is sent: `fault` says why it is none; `resource` is None for one that is not in this template."""

    fault: str = ""
    resource: Resource | None = None


def destination(graph: Graph, value: Any, *kinds: str) -> Destination:
    """What a value names as a destination, which must be of one of these types, by its ARN.

    Raises: UnknownValueError when that is known at deployment only.
    """
    value = known(value)
    if not isinstance(value, str) or not value:
        return Destination(fault="names nothing")
    shown = display(value)
    reference = whole(value)
    resource = graph.resources.get(reference.target) if reference else _by_arn(graph, value, kinds)
    if resource is None:
        is_arn = any(common(graph, value).startswith(f"arn:aws:{_SERVICES[kind]}:") for kind in kinds)
        return Destination() if is_arn and reference is None else Destination(fault=f"names {shown}, which is none")
    if resource.type.startswith(_OPAQUE):
        raise UnknownValueError(Unknown(f"{shown} is known only at deployment"))
    if resource.type not in kinds:
        return Destination(fault=f"names {shown}, which is none but a {resource.type}")
    if reference and reference.attribute not in _ARN_OF[resource.type]:
        return Destination(fault=f"names {shown}, which is not its ARN")
    if known(resource.get("FifoQueue")) is True or known(resource.get("FifoTopic")) is True:
        return Destination(fault=f"names {resource.logical_id}, which is FIFO and takes none")
    return Destination(resource=resource)


def _by_arn(graph: Graph, value: str, kinds: tuple[str, ...]) -> Resource | None:
    wanted = common(graph, value)
    return next((one for one in graph.of_type(*kinds) if arn(graph, one) == wanted), None)


def role_of(graph: Graph, value: Any) -> Resource | None:
    """The role of the template that a value names, None for another's or where it is not known."""
    return None if isinstance(value, Unknown) else graph.referred(value, ROLE)


def sending_fault(graph: Graph, role: Resource | None, receiver: Resource | None) -> str:
    """Why a role may not send to a destination, '' where it may or where one of them is not in this template."""
    if role is None or receiver is None or _has_strange_policies(graph, role):
        return ""
    action, wanted = _SENDING[receiver.type], arn(graph, receiver)
    if receiver.type == BUCKET:
        wanted = f"{wanted}/any object at all"
    if not granted(graph, role, action, wanted):
        return f"{role.logical_id} may not {action} there"
    key = _key(graph, receiver)
    service = _SERVICES[receiver.type]
    missing = [use for use in _KEY_USES if key and not _may_use(graph, role, key, use, service)]
    return f"{role.logical_id} may not {missing[0]} with {key.logical_id}, its key" if key and missing else ""


def granted(graph: Graph, role: Resource, action: str, wanted: str) -> bool:
    """Whether the policies that a role has in this template allow an action on an ARN (in the common form). Conditions
    are not weighed."""
    fitting = [
        one for one in role_statements(graph, role) if one.has_action(action) and one.has_resource(graph, wanted)
    ]
    denied = any(one.effect == "Deny" and not list(one.conditions()) for one in fitting)
    return not denied and any(one.effect == "Allow" for one in fitting)


# Policies of AWS that allow nothing of the kind (IAM, AWS managed policies).
_HARMLESS = ("AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole", "AWSXRayDaemonWriteAccess")


def _has_strange_policies(graph: Graph, role: Resource) -> bool:
    """Whether a role has managed policies that this template does not show, which may allow it."""
    named = texts(role.get("ManagedPolicyArns"))
    return any(whole(value) is None and not value.endswith(_HARMLESS) for value in named)


def _key(graph: Graph, receiver: Resource) -> Resource | None:
    value = known(receiver.get("KmsMasterKeyId"))
    found = graph.referred(value, "AWS::KMS::Key", "AWS::KMS::Alias")
    if found is not None and found.type == "AWS::KMS::Alias":
        return graph.referred(known(found.get("TargetKeyId")), "AWS::KMS::Key")
    return found


def _may_use(graph: Graph, role: Resource, key: Resource, action: str, service: str) -> bool:
    by_role = [one for one in role_statements(graph, role) if one.has_resource(graph, arn(graph, key))]
    policy = statements(key, key.get("KeyPolicy"), ("Properties", "KeyPolicy"))
    by_key = [one for one in policy if _is_for_role(graph, one.body, role)]
    return any(
        one.effect == "Allow" and one.has_action(action) and _is_through(graph, one, service)
        for one in (*by_role, *by_key)
    )


def _is_through(graph: Graph, statement: Statement, service: str) -> bool:
    """Whether a statement about a key holds for what a service asks of it (kms:ViaService)."""
    wanted = f"{service}.region.amazonaws.com"
    return all(
        any(
            covers(re.sub(r"\.[a-z]{2}(-[a-z]+)+-\d\.", ".region.", common(graph, one)), wanted) for one in texts(value)
        )
        for _, key, value in statement.conditions()
        if key == "kms:viaservice"
    )


def _is_for_role(graph: Graph, body: Mapping[str, Any], role: Resource) -> bool:
    principal = known(body.get("Principal"))
    named = texts(principal.get("AWS")) if isinstance(principal, Mapping) else []
    return any(graph.referred(value, ROLE) is role for value in named)


def service_fault(graph: Graph, service: str, source: str, receiver: Resource) -> str:
    """Why a service may not send to a queue or topic for a source (its ARN in the common form), '' where it may."""
    action, wanted = _SENDING[receiver.type], arn(graph, receiver)
    fitting = [
        statement
        for statement in resource_policies(graph, receiver)
        if statement.has_action(action) and statement.has_resource(graph, wanted) and statement.is_for_service(service)
    ]
    if any(one.effect == "Deny" and not list(one.conditions()) for one in fitting):
        return f"the policy of {receiver.logical_id} refuses {action} to everybody"
    allowing = [one for one in fitting if one.effect == "Allow"]
    if not allowing:
        return f"no policy of {receiver.logical_id} lets {service} {action}"
    faults = [source_fault(graph, list(one.conditions()), source) for one in allowing]
    if all(faults):
        return f"the policy of {receiver.logical_id} {faults[0]}"
    key = _key(graph, receiver)
    if key is not None:
        policy = list(statements(key, key.get("KeyPolicy"), ("Properties", "KeyPolicy")))
        for use in _KEY_USES:
            if not any(s.effect == "Allow" and s.has_action(use) and _names_service(s, service) for s in policy):
                return f"the policy of {key.logical_id}, its key, does not let {service} {use}"
    return ""


def _names_service(statement: Statement, service: str) -> bool:
    by_name = service in texts(mapping(statement.body.get("Principal")).get("Service"))
    return by_name or (statement.is_for_everybody() and not list(statement.conditions()))


def source_fault(graph: Graph, conditions: list[tuple[str, str, Any]], source: str) -> str:
    """Why conditions do not admit a source, or admit just any."""
    by_arn = [(operator, value) for operator, key, value in conditions if key == "aws:sourcearn"]
    accounts = [text(item) for _, key, value in conditions if key == "aws:sourceaccount" for item in texts(value)]
    if not by_arn and not accounts:
        return "lets it send for anybody: it has no condition on aws:SourceArn"
    for operator, value in by_arn:
        if not operator.removeprefix("ForAnyValue:").startswith(("ArnEquals", "ArnLike", "StringEquals", "StringLike")):
            return f"compares aws:SourceArn by {operator}"
        if not any(_covers(graph, pattern, source) for pattern in texts(value)):
            return "lets it send for other sources only (aws:SourceArn)"
    for account in accounts:
        if common(graph, f"arn:aws:a:b:{account}:c").split(":")[4] != "account":
            return "lets it send for another account only (aws:SourceAccount)"
    return ""


def _covers(graph: Graph, pattern: str, source: str) -> bool:
    return pattern.strip("*") != "" and covers(common(graph, pattern), source)
