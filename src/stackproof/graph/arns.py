"""ARNs in resolved templates, however they were written, brought into one form so that they can be compared.

`!GetAtt Bucket.Arn`, `!Sub "arn:${AWS::Partition}:s3:::${Bucket}"` and the ARN with the bucket's own literal name all
mean the same. In the common form the partition is `aws`, the region `region`, the account `account`, and a resource
without a name of its own has one made of its logical id.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from stackproof.graph.graph import Graph
from stackproof.template.model import Resource
from stackproof.template.references import Reference, substitute


@dataclass(frozen=True, kw_only=True)
class _Form:
    """How a type's ARN is built of its name, and what Ref and the attributes give ("arn", "name" or "url")."""

    arn: str
    name: str
    ref: str
    attributes: Mapping[str, str] = field(default_factory=lambda: {"Arn": "arn"})


# Return values and ARN formats: the schemas of the types, and the Service Authorization Reference.
_FORMS = {
    "AWS::S3::Bucket": _Form(arn="arn:aws:s3:::{}", name="BucketName", ref="name"),
    "AWS::SNS::Topic": _Form(
        arn="arn:aws:sns:region:account:{}",
        name="TopicName",
        ref="arn",
        attributes={"TopicArn": "arn", "TopicName": "name"},
    ),
    "AWS::SQS::Queue": _Form(
        arn="arn:aws:sqs:region:account:{}",
        name="QueueName",
        ref="url",
        attributes={"Arn": "arn", "QueueName": "name", "QueueUrl": "url"},
    ),
    "AWS::Lambda::Function": _Form(arn="arn:aws:lambda:region:account:function:{}", name="FunctionName", ref="name"),
    "AWS::Events::Rule": _Form(arn="arn:aws:events:region:account:rule/{}", name="Name", ref="name"),
    "AWS::Events::EventBus": _Form(arn="arn:aws:events:region:account:event-bus/{}", name="Name", ref="name"),
    "AWS::Logs::LogGroup": _Form(arn="arn:aws:logs:region:account:log-group:{}", name="LogGroupName", ref="name"),
    "AWS::CloudWatch::Alarm": _Form(arn="arn:aws:cloudwatch:region:account:alarm:{}", name="AlarmName", ref="name"),
    "AWS::CloudWatch::CompositeAlarm": _Form(
        arn="arn:aws:cloudwatch:region:account:alarm:{}", name="AlarmName", ref="name"
    ),
    "AWS::DynamoDB::Table": _Form(arn="arn:aws:dynamodb:region:account:table/{}", name="TableName", ref="name"),
    "AWS::IAM::Role": _Form(arn="arn:aws:iam::account:role/{}", name="RoleName", ref="name"),
    "AWS::IAM::User": _Form(arn="arn:aws:iam::account:user/{}", name="UserName", ref="name"),
    "AWS::IAM::Group": _Form(arn="arn:aws:iam::account:group/{}", name="GroupName", ref="name"),
    "AWS::IAM::ManagedPolicy": _Form(
        arn="arn:aws:iam::account:policy/{}", name="ManagedPolicyName", ref="arn", attributes={"PolicyArn": "arn"}
    ),
    "AWS::Batch::JobQueue": _Form(
        arn="arn:aws:batch:region:account:job-queue/{}",
        name="JobQueueName",
        ref="arn",
        attributes={"JobQueueArn": "arn"},
    ),
    "AWS::Batch::ComputeEnvironment": _Form(
        arn="arn:aws:batch:region:account:compute-environment/{}",
        name="ComputeEnvironmentName",
        ref="arn",
        attributes={"ComputeEnvironmentArn": "arn"},
    ),
    "AWS::SecretsManager::Secret": _Form(arn="arn:aws:secretsmanager:region:account:secret:{}", name="Name", ref="arn"),
    "AWS::StepFunctions::StateMachine": _Form(
        arn="arn:aws:states:region:account:stateMachine:{}", name="StateMachineName", ref="arn"
    ),
    "AWS::Kinesis::Stream": _Form(arn="arn:aws:kinesis:region:account:stream/{}", name="Name", ref="name"),
    "AWS::ECR::Repository": _Form(arn="arn:aws:ecr:region:account:repository/{}", name="RepositoryName", ref="name"),
    "AWS::ECS::Cluster": _Form(arn="arn:aws:ecs:region:account:cluster/{}", name="ClusterName", ref="name"),
    "AWS::KMS::Key": _Form(arn="arn:aws:kms:region:account:key/{}", name="", ref="name"),
}
_PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "region",
    "AWS::AccountId": "account",
    "AWS::URLSuffix": "amazonaws.com",
}
_PARTITION = re.compile(r"^arn:aws(?:-[a-z-]+)?:")
_REGION = re.compile(r"^[a-z]{2}(?:-[a-z]+)+-\d$")
_ACCOUNT = re.compile(r"^\d{12}$")


def arn(graph: Graph, resource: Resource) -> str:
    """A resource's ARN in the common form, '' for a type of which none is known here."""
    form = _FORMS.get(resource.type)
    return "" if form is None else form.arn.format(_name(graph, resource, form))


def common(graph: Graph, text: str) -> str:
    """A resolved text in the common form."""
    cached: dict[str, str] = graph.cache.setdefault("arns.common", {})
    if text not in cached:
        cached[text] = _common(graph, text)
    return cached[text]


def _common(graph: Graph, text: str) -> str:
    result = _PARTITION.sub("arn:aws:", substitute(text, lambda reference: _value(graph, reference)))
    parts = result.split(":", 5)
    if len(parts) == 6 and parts[0] == "arn":
        parts[3] = "region" if _REGION.match(parts[3]) else parts[3]
        parts[4] = "account" if _ACCOUNT.match(parts[4]) else parts[4]
    return ":".join(parts)


def _value(graph: Graph, reference: Reference) -> str:
    if reference.is_pseudo:
        return _PSEUDO.get(reference.target, f"<{reference.target.removeprefix('AWS::')}>")
    resource = graph.resources.get(reference.target)
    form = _FORMS.get(resource.type) if resource else None
    if resource is None or form is None:
        return f"<{reference.target}.{reference.attribute or 'Ref'}>"
    name = _name(graph, resource, form)
    match form.ref if reference.attribute is None else form.attributes.get(reference.attribute):
        case "name":
            return name
        case "url":
            return f"https://{name}"
        case "arn":
            suffix = ":*" if resource.type == "AWS::Logs::LogGroup" else ""
            return form.arn.format(name) + suffix
    return f"<{reference.target}.{reference.attribute}>"


def _name(graph: Graph, resource: Resource, form: _Form) -> str:
    names: dict[str, str] = graph.cache.setdefault("arns.names", {})
    if resource.logical_id not in names:
        # Holds also where names refer to each other in a circle.
        names[resource.logical_id] = f"<{resource.logical_id}>"
        name = resource.properties.get(form.name) if form.name else None
        if isinstance(name, str) and name:
            names[resource.logical_id] = substitute(name, lambda reference: _value(graph, reference))
    return names[resource.logical_id]
