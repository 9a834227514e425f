"""SNS."""

import json
from typing import Any

from stackproof.embedded.deploy.checks import check_policy
from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource
from stackproof.embedded.deploy.registry import Properties, ResourceType, resource_type
from stackproof.embedded.deploy.shapes import scalar

_TOPIC = frozenset({"ContentBasedDeduplication", "DisplayName", "FifoTopic", "KmsMasterKeyId"})
_SUBSCRIPTION = frozenset(
    {
        "DeliveryPolicy",
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
        "SubscriptionRoleArn",
    }
)


def _attributes(ctx: Context, p: Properties, names: frozenset[str]) -> dict[str, str]:
    return {name: scalar(p[name], "string", f"{ctx.logical_id}.{name}") for name in sorted(names & set(p))}


@resource_type("AWS::SNS::Topic")
class Topic(ResourceType):
    """A topic; `Ref` is its ARN."""

    properties = frozenset({"Tags", "TopicName", *_TOPIC})
    create_only = frozenset({"FifoTopic", "TopicName"})
    tags = "list"
    system_tags = True

    def create(self, ctx: Context, p: Properties) -> Created:
        fifo = ".fifo" if str(p.get("FifoTopic")).lower() == "true" else ""
        name = p.get("TopicName") or ctx.generated_name(256 - len(fifo)) + fifo
        attributes = _attributes(ctx, p, _TOPIC)
        arn = ctx.call("sns", "CreateTopic", Name=name, Attributes=attributes, Tags=ctx.tag_list() or None)["TopicArn"]
        return ctx.announce(Created(physical_id=arn, arn=arn, attributes={"TopicArn": arn, "TopicName": name}))

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        arn = resource.physical_id
        attributes = ctx.call("sns", "GetTopicAttributes", TopicArn=arn)["Attributes"]
        tags = ctx.call("sns", "ListTagsForResource", ResourceArn=arn)["Tags"]
        return {**attributes, "TopicName": arn.rsplit(":", 1)[-1], "Tags": tags}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        arn = resource.physical_id
        for name in sorted(changed & _TOPIC):
            value = _attributes(ctx, p, frozenset({name})).get(name, "")
            ctx.call("sns", "SetTopicAttributes", TopicArn=arn, AttributeName=name, AttributeValue=value)
        if "Tags" in changed:
            if gone := [key for key in resource.tags if key not in ctx.tags]:
                ctx.call("sns", "UntagResource", ResourceArn=arn, TagKeys=gone)
            ctx.call("sns", "TagResource", ResourceArn=arn, Tags=ctx.tag_list())
        return Created(physical_id=arn, arn=arn, attributes=resource.attributes)

    def delete(self, ctx: Context, resource: Resource) -> None:
        arn = resource.physical_id
        ctx.call("sns", "DeleteTopic", TopicArn=arn)


@resource_type("AWS::SNS::Subscription")
class Subscription(ResourceType):
    """A subscription; by email it waits for the person's confirmation, and is there all the same."""

    properties = frozenset({"Endpoint", "Protocol", "TopicArn", *_SUBSCRIPTION})
    required = frozenset({"Protocol", "TopicArn"})
    create_only = frozenset({"Endpoint", "Protocol", "TopicArn"})

    def create(self, ctx: Context, p: Properties) -> Created:
        request = ctx.request("sns", "Subscribe", p, without=tuple(_SUBSCRIPTION))
        attributes = _attributes(ctx, p, _SUBSCRIPTION)
        arn = ctx.call("sns", "Subscribe", **request, Attributes=attributes, ReturnSubscriptionArn=True)[
            "SubscriptionArn"
        ]
        return Created(physical_id=arn, arn=arn, attributes={"Arn": arn})

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        answer = ctx.call("sns", "GetSubscriptionAttributes", SubscriptionArn=resource.physical_id)
        return dict(answer["Attributes"])

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        for name in sorted(changed & _SUBSCRIPTION):
            value = _attributes(ctx, p, frozenset({name})).get(name, "")
            ctx.call(
                *("sns", "SetSubscriptionAttributes"),
                SubscriptionArn=resource.physical_id,
                AttributeName=name,
                AttributeValue=value,
            )
        return Created(physical_id=resource.physical_id, arn=resource.arn, attributes=resource.attributes)

    def delete(self, ctx: Context, resource: Resource) -> None:
        ctx.call("sns", "Unsubscribe", SubscriptionArn=resource.physical_id)


@resource_type("AWS::SNS::TopicPolicy")
class TopicPolicy(ResourceType):
    """The policy of topics."""

    properties = frozenset({"PolicyDocument", "Topics"})
    required = frozenset({"PolicyDocument", "Topics"})

    def create(self, ctx: Context, p: Properties) -> Created:
        self._set(ctx, p)
        name = ctx.generated_name(255)
        return Created(physical_id=name, attributes={"Id": name})

    def _set(self, ctx: Context, p: Properties) -> None:
        check_policy(ctx, p.get("PolicyDocument"), "PolicyDocument", principal=True)
        document = json.dumps(p["PolicyDocument"])
        for arn in p["Topics"]:
            ctx.call("sns", "SetTopicAttributes", TopicArn=arn, AttributeName="Policy", AttributeValue=document)

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        answers = {arn: ctx.call("sns", "GetTopicAttributes", TopicArn=arn)["Attributes"] for arn in p["Topics"]}
        return {"Topics": list(answers), "PolicyDocument": next(iter(answers.values()))["Policy"]}

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        for arn in resource.properties["Topics"]:
            if arn not in p["Topics"]:
                self._reset(ctx, arn)
        self._set(ctx, p)
        return Created(physical_id=resource.physical_id, attributes=resource.attributes)

    def _reset(self, ctx: Context, arn: str) -> None:
        policy = json.dumps(_default_policy(ctx, arn))
        ctx.call("sns", "SetTopicAttributes", TopicArn=arn, AttributeName="Policy", AttributeValue=policy)

    def delete(self, ctx: Context, resource: Resource) -> None:
        for arn in resource.properties["Topics"]:
            self._reset(ctx, arn)


def _default_policy(ctx: Context, arn: str) -> dict[str, Any]:
    """What a topic has without a policy of its own: the owner may use it (SNS, default access policy)."""
    actions = ["Publish", "Subscribe", "GetTopicAttributes", "SetTopicAttributes", "DeleteTopic", "AddPermission"]
    return {
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [
            {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [f"SNS:{action}" for action in actions],
                "Resource": arn,
                "Condition": {"StringEquals": {"AWS:SourceOwner": ctx.world.account.id}},
            }
        ],
    }
