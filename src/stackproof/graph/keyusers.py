"""What uses the key that encrypts a resource: the services that write to it and the roles that work with its data."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.graph.arns import arn
from stackproof.graph.graph import Graph
from stackproof.graph.keypolicy import Context, auto_scaling_may, role_may, service_may, stranger_may
from stackproof.graph.statements import Statement, resource_policies, role_statements
from stackproof.graph.values import items, known, mapping, texts
from stackproof.graph.volumes import TEMPLATE_MAPPINGS, named_template, volumes
from stackproof.graph.wildcards import covers
from stackproof.template.model import Path, Resource
from stackproof.template.references import display, inside, target, whole

_READ = ("kms:Decrypt",)
_WRITE = ("kms:GenerateDataKey", "kms:Decrypt")
_LOGS = (*_WRITE, "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:DescribeKey")
_VOLUMES = (*_LOGS, "kms:CreateGrant")

# Where a resource names its key; the data actions that need the key, and the KMS actions that each needs of the caller
# (KMS, How DynamoDB uses KMS; API S3 PutObject; SQS and SNS, Key management).
KEY_AT: Mapping[str, Path] = {
    "AWS::S3::Bucket": (
        "BucketEncryption", "ServerSideEncryptionConfiguration", 0, "ServerSideEncryptionByDefault", "KMSMasterKeyID",
    ),
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::EC2::LaunchTemplate": TEMPLATE_MAPPINGS,
}  # fmt: skip
_DATA: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "AWS::S3::Bucket": {
        "s3:PutObject": ("kms:GenerateDataKey",),
        # It needs no key itself, but it is for uploads in parts, which S3 decrypts to put them together.
        "s3:AbortMultipartUpload": _READ,
        "s3:GetObject": _READ,
        "s3:GetObjectVersion": _READ,
    },
    "AWS::DynamoDB::Table": dict.fromkeys(
        (
            *(f"dynamodb:{name}Item" for name in ("Get", "Put", "Update", "Delete", "BatchGet", "BatchWrite")),
            *(f"dynamodb:PartiQL{name}" for name in ("Select", "Insert", "Update", "Delete")),
            "dynamodb:Query",
            "dynamodb:Scan",
        ),
        _READ,
    ),
    "AWS::SNS::Topic": {"sns:Publish": _WRITE},
    "AWS::SQS::Queue": {"sqs:SendMessage": _WRITE, "sqs:ReceiveMessage": _READ},
}
# AWS managed policies that surely grant nothing with a key; what any other grants is not in the template.
_KEYLESS = (
    "service-role/AWSLambdaBasicExecutionRole",
    "service-role/AWSLambdaVPCAccessExecutionRole",
    "service-role/AmazonECSTaskExecutionRolePolicy",
    "service-role/AmazonEC2ContainerServiceforEC2Role",
    "AWSXRayDaemonWriteAccess",
    "AmazonSSMManagedInstanceCore",
)


_STRANGER = re.compile(r"arn:[^:]+:iam::\d{12}:(?:role|user)/.+")
_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A user of a key that the key refuses: who, and what it may not do."""

    who: str
    action: str


def own_key(graph: Graph, resource: Resource) -> Resource | None:
    """The key of this template that encrypts a resource, directly or by an alias."""
    if resource.type == "AWS::EC2::LaunchTemplate":
        keys = [_key(graph, volume.body.get("KmsKeyId")) for volume in volumes(resource, TEMPLATE_MAPPINGS)]
        return next((key for key in keys if key is not None), None)
    return _key(graph, resource.get(*KEY_AT[resource.type]))


def _key(graph: Graph, value: Any) -> Resource | None:
    found = graph.resources.get(target(known(value)) or "")
    if found is not None and found.type == "AWS::KMS::Alias":
        found = graph.resources.get(target(found.get("TargetKeyId")) or "")
    return found if found is not None and found.type == "AWS::KMS::Key" else None


def refusals(graph: Graph, resource: Resource, key: Resource) -> Iterator[Refusal]:
    """The users of a resource that its key refuses, each with the first action."""
    if resource.type == "AWS::EC2::LaunchTemplate":
        for action in _VOLUMES if is_scaled(graph, resource) else ():
            if not auto_scaling_may(graph, key, action):
                yield Refusal(who="Auto Scaling's service-linked role", action=action)
                return
    for service, context in _services(graph, resource):
        for action in _LOGS if resource.type == "AWS::Logs::LogGroup" else _WRITE:
            if not service_may(graph, key, service, action, context):
                yield Refusal(who=service.replace(".region.", ".<region>."), action=action)
                break
    yield from _refused_roles(graph, resource, key)
    if resource.type == "AWS::S3::Bucket":
        yield from _refused_strangers(graph, resource, key)


def _refused_roles(graph: Graph, resource: Resource, key: Resource) -> Iterator[Refusal]:
    name = arn(graph, resource)
    wanted = f"{name}/any object" if resource.type == "AWS::S3::Bucket" else name
    service = resource.type.split("::")[1].lower()
    context = {"kms:viaservice": f"{service}.region.amazonaws.com"}
    for role in graph.of_type("AWS::IAM::Role"):
        if resource.type not in _DATA or not _is_all_here(graph, role):
            continue
        about = [one for one in role_statements(graph, role) if _is_about(graph, one, wanted, name)]
        needed = dict.fromkeys(
            action
            for data, actions in _DATA[resource.type].items()
            if any(one.has_action(data) for one in about)
            for action in actions
        )
        refused = next((action for action in needed if not role_may(graph, key, role, action, context)), None)
        if refused:
            yield Refusal(who=role.logical_id, action=refused)


def _refused_strangers(graph: Graph, bucket: Resource, key: Resource) -> Iterator[Refusal]:
    """Principals from outside, perhaps of another account, that a bucket's policy lets work with its objects: there IAM
    alone does not do, the key's policy must let them, too."""
    context = {"kms:viaservice": "s3.region.amazonaws.com"}
    for statement in resource_policies(graph, bucket):
        if statement.effect != "Allow":
            continue
        needed = [kms for data, actions in _DATA[bucket.type].items() if statement.has_action(data) for kms in actions]
        for name in _strangers(statement):
            refused = next((kms for kms in needed if not stranger_may(graph, key, name, kms, context)), None)
            if refused:
                yield Refusal(who=display(name), action=refused)


def _strangers(statement: Statement) -> Iterator[str]:
    """The roles and users that a statement names in full, but for those of this very account."""
    for name in texts(mapping(statement.body.get("Principal")).get("AWS")):
        if _STRANGER.fullmatch(name) and not any(True for _ in inside(name)):
            yield name


def _is_about(graph: Graph, statement: Statement, wanted: str, name: str) -> bool:
    """Whether a statement allows something with a resource or, of a bucket, with some of its objects."""
    patterns = statement.resources(graph) if statement.effect == "Allow" else []
    if wanted != name and any(pattern.startswith(f"{name}/") for pattern in patterns):
        return True
    return "*" not in patterns and any(covers(pattern, wanted) for pattern in patterns)


def _is_all_here(graph: Graph, role: Resource) -> bool:
    """Whether all that a role may do stands in this template."""
    for value in items(role.get("ManagedPolicyArns")):
        reference = whole(known(value))
        text = str(known(value))
        if reference is None and not any(text.endswith(f":policy/{name}") for name in _KEYLESS):
            return False
        if reference is not None and reference.target not in graph.resources:
            return False
    return True


def is_scaled(graph: Graph, template: Resource) -> bool:
    """Whether AWS Batch or Auto Scaling start instances by a launch template."""
    for environment in graph.of_type("AWS::Batch::ComputeEnvironment"):
        if named_template(graph, mapping(environment.get("ComputeResources", "LaunchTemplate"))) is template:
            return True
    return any(True for _ in graph.referrers(template.logical_id, "AWS::AutoScaling::AutoScalingGroup"))


def _services(graph: Graph, resource: Resource) -> Iterator[tuple[str, Context]]:
    """The services that use the key of a resource by themselves, each with what its request says."""
    if resource.type == "AWS::Logs::LogGroup":
        yield "logs.region.amazonaws.com", {"kms:encryptioncontext:aws:logs:arn": _group_arn(graph, resource)}
    for service, source in dict.fromkeys(_writers(graph, resource)):
        context: dict[str, str | None] = {"aws:sourceaccount": "account", "aws:sourcearn": source}
        if (service, resource.type) == ("events.amazonaws.com", "AWS::SNS::Topic"):
            # Not supported there: delivery stops (SNS, Managing encryption keys and costs).
            context = dict.fromkeys(("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid"))
        yield service, context


def _group_arn(graph: Graph, group: Resource) -> str:
    if group.get("LogGroupName") is not None:
        return arn(graph, group)
    return f"arn:aws:logs:region:account:log-group:<StackName>-{group.logical_id}-generated"


def _writers(graph: Graph, resource: Resource) -> Iterator[tuple[str, str]]:
    """The services that the template makes write to a topic or queue, with the ARN of what makes them."""
    if resource.type not in ("AWS::SNS::Topic", "AWS::SQS::Queue"):
        return
    kinds = {
        "AWS::CloudWatch::Alarm": "cloudwatch.amazonaws.com",
        "AWS::CloudWatch::CompositeAlarm": "cloudwatch.amazonaws.com",
        "AWS::Events::Rule": "events.amazonaws.com",
        "AWS::S3::Bucket": "s3.amazonaws.com",
    }
    for edge in graph.incoming.get(resource.logical_id, ()):
        source = graph.resources[edge.source]
        if source.type == "AWS::SNS::Topic" and edge.path[1] == "Subscription":
            yield "sns.amazonaws.com", arn(graph, source)
        elif source.type in kinds and edge.path[1] in ("Targets", "NotificationConfiguration", *_ACTIONS):
            yield kinds[source.type], arn(graph, source)
        elif source.type == "AWS::SNS::Subscription" and edge.path[1] in ("Endpoint", "RedrivePolicy"):
            topic = graph.referred(source.get("TopicArn"), "AWS::SNS::Topic")
            yield "sns.amazonaws.com", arn(graph, topic) if topic else "<topic>"
