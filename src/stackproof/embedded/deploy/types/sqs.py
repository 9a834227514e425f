"""SQS."""

import json

from stackproof.embedded.deploy.checks import check_policy
from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource
from stackproof.embedded.deploy.registry import Properties, ResourceType, resource_type
from stackproof.embedded.deploy.shapes import scalar

_RANGES = {  # API SetQueueAttributes
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}
_ATTRIBUTES = frozenset(
    {
        *("ContentBasedDeduplication", "DeduplicationScope", "DelaySeconds", "FifoQueue", "FifoThroughputLimit"),
        *("KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "MaximumMessageSize", "MessageRetentionPeriod"),
        *("ReceiveMessageWaitTimeSeconds", "RedrivePolicy", "SqsManagedSseEnabled"),
        "VisibilityTimeout",
    }
)


@resource_type("AWS::SQS::Queue")
class Queue(ResourceType):
    """A queue; `Ref` is its URL."""

    properties = frozenset({"QueueName", "Tags", *_ATTRIBUTES})
    create_only = frozenset({"FifoQueue", "QueueName"})
    tags = "list"

    def create(self, ctx: Context, p: Properties) -> Created:
        if str(p.get("SqsManagedSseEnabled")).lower() == "true" and "KmsMasterKeyId" in p:
            raise ctx.failed("SqsManagedSseEnabled: InvalidAttributeValue: KMS and SSE-SQS exclude each other.")
        fifo = ".fifo" if str(p.get("FifoQueue")).lower() == "true" else ""
        name = p.get("QueueName") or ctx.generated_name(80 - len(fifo)) + fifo
        attributes = self._attributes(ctx, p, frozenset(p))
        url = ctx.call("sqs", "CreateQueue", QueueName=name, Attributes=attributes, tags=dict(ctx.tags) or None)[
            "QueueUrl"
        ]
        arn = ctx.world.account.arn("sqs", name)
        answer = {"Arn": arn, "QueueName": name, "QueueUrl": url}
        return ctx.announce(Created(physical_id=url, arn=arn, attributes=answer))

    def _attributes(self, ctx: Context, p: Properties, names: frozenset[str]) -> dict[str, str]:
        chosen = sorted(names & _ATTRIBUTES & set(p))
        for name in chosen:
            low, high = _RANGES.get(name, (0, 0))
            if name in _RANGES and not (str(p[name]).isdigit() and low <= int(p[name]) <= high):
                raise ctx.failed(f"{name}: InvalidAttributeValue: {p[name]!r} is not {low} to {high}.")
        return {name: scalar(p[name], "string", f"{ctx.logical_id}.{name}") for name in chosen}

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        url = resource.physical_id
        attributes = ctx.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
        tags = ctx.call("sqs", "ListQueueTags", QueueUrl=url).get("Tags", {})
        return {**attributes, "QueueName": resource.attributes["QueueName"], "Tags": tags}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        url = resource.physical_id
        if gone := (changed & _ATTRIBUTES) - set(p):
            return super().update(ctx, resource, p, frozenset(gone))
        if attributes := self._attributes(ctx, p, changed):
            ctx.call("sqs", "SetQueueAttributes", QueueUrl=url, Attributes=attributes)
        if "Tags" in changed:
            if lost := [key for key in resource.tags if key not in ctx.tags]:
                ctx.call("sqs", "UntagQueue", QueueUrl=url, TagKeys=lost)
            ctx.call("sqs", "TagQueue", QueueUrl=url, Tags=dict(ctx.tags))
        return Created(physical_id=url, arn=resource.arn, attributes=resource.attributes)

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("sqs", "DeleteQueue", QueueUrl=resource.physical_id)


@resource_type("AWS::SQS::QueuePolicy")
class QueuePolicy(ResourceType):
    """The policy of queues."""

    properties = frozenset({"PolicyDocument", "Queues"})
    required = frozenset({"PolicyDocument", "Queues"})

    def create(self, ctx: Context, p: Properties) -> Created:
        check_policy(ctx, p.get("PolicyDocument"), "PolicyDocument", principal=True)
        self._set(ctx, list(p["Queues"]), json.dumps(p["PolicyDocument"]))
        name = ctx.generated_name(255)
        return Created(physical_id=name, attributes={"Id": name})

    def _set(self, ctx: Context, queues: list[str], policy: str) -> None:
        for url in queues:
            ctx.call("sqs", "SetQueueAttributes", QueueUrl=url, Attributes={"Policy": policy})

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        policies = {url: self._policy(ctx, url) for url in p["Queues"]}
        return {"Queues": list(policies), "PolicyDocument": next(iter(policies.values()))}

    def _policy(self, ctx: Context, url: str) -> str:
        answer = ctx.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["Policy"])
        return str(answer["Attributes"]["Policy"])

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        check_policy(ctx, p.get("PolicyDocument"), "PolicyDocument", principal=True)
        self._set(ctx, [url for url in resource.properties["Queues"] if url not in p["Queues"]], "")
        self._set(ctx, list(p["Queues"]), json.dumps(p["PolicyDocument"]))
        return Created(physical_id=resource.physical_id, attributes=resource.attributes)

    def delete(self, ctx: Context, resource: Resource) -> None:
        self._set(ctx, list(resource.properties["Queues"]), "")
