"""Who calls a function: for its answer, or without waiting for one."""

import re
from collections.abc import Iterator

from stackproof.graph.delivery.destinations import FUNCTION
from stackproof.graph.graph import Edge, Graph
from stackproof.graph.values import known
from stackproof.template.model import Resource, Unknown
from stackproof.template.references import display

_VERSIONS = ("AWS::Lambda::Alias", "AWS::Lambda::Version")
# Principals of permissions that call without waiting, and those that wait (Lambda, Invoking with events from other AWS
# services).
_ASYNCHRONOUS_PRINCIPALS = re.compile(
    r"(?:s3|sns|events|ses|config|cloudformation|codecommit|codepipeline|iot|iotevents|logs\.?.*|scheduler"
    r"|lambda\.alarms\.cloudwatch|secretsmanager|apidestinations\.events|delivery\.logs)\.amazonaws\.com"
)
_ASYNCHRONOUS_TYPES = (
    *("AWS::Events::Rule", "AWS::Scheduler::Schedule", "AWS::S3::Bucket", "AWS::SNS::Subscription", "AWS::SNS::Topic"),
    *("AWS::Lambda::EventInvokeConfig", "AWS::CloudFormation::CustomResource", "AWS::Logs::SubscriptionFilter"),
    *("AWS::SES::ReceiptRule", "AWS::IoT::TopicRule", "AWS::Config::ConfigRule", "AWS::CodeCommit::Repository"),
)
_SYNCHRONOUS_TYPES = (
    *("AWS::Lambda::EventSourceMapping", "AWS::Lambda::Url", "AWS::StepFunctions::StateMachine", "AWS::Pipes::Pipe"),
    *("AWS::ApiGateway::", "AWS::ApiGatewayV2::", "AWS::AppSync::", "AWS::Cognito::", "AWS::CloudFront::"),
    *("AWS::ElasticLoadBalancingV2::", "AWS::Bedrock::", "AWS::Lex::", "AWS::KinesisFirehose::", "AWS::Connect::"),
    *("AWS::SecretsManager::RotationSchedule", "AWS::Serverless::Api", "AWS::VpcLattice::"),
)


def may_be_asynchronous(function: Resource, graph: Graph) -> bool:
    """Whether a function may be called without anybody waiting for its answer: unless all that calls it in this
    template waits. One that nothing here calls may be called in any way."""
    kinds = set(_kinds(graph, function))
    return "asynchronous" in kinds or "synchronous" not in kinds


def is_call(graph: Graph, edge: Edge) -> bool:
    """Whether a reference to a function is by something that calls it, or that lets somebody call it."""
    kind = graph.resources[edge.source].type
    if kind in ("AWS::Lambda::EventInvokeConfig", *_VERSIONS):
        return False
    calls = kind.startswith(("AWS::Lambda::Permission", "Custom::", *_SYNCHRONOUS_TYPES)) or kind in _ASYNCHRONOUS_TYPES
    return calls or (kind == FUNCTION and _is_destination(edge))


def _kinds(graph: Graph, function: Resource) -> Iterator[str]:
    for name in (function.logical_id, *_aliases(graph, function)):
        for edge in graph.incoming.get(name, ()):
            source = graph.resources[edge.source]
            if source.type == "AWS::Lambda::Permission":
                yield _by_principal(source)
            elif source.type.startswith("Custom::") or source.type in _ASYNCHRONOUS_TYPES:
                yield "asynchronous"
            elif source.type.startswith(_SYNCHRONOUS_TYPES):
                yield "synchronous"
            elif source.type == FUNCTION and _is_destination(edge):
                yield "asynchronous"


def _aliases(graph: Graph, function: Resource) -> list[str]:
    return [
        one.logical_id
        for one in graph.of_type(*_VERSIONS)
        if not isinstance(one.get("FunctionName"), Unknown) and graph.referred(one.get("FunctionName")) is function
    ]


def _by_principal(permission: Resource) -> str:
    value = known(permission.get("Principal"))
    name = display(value) if isinstance(value, str) else ""
    return "asynchronous" if _ASYNCHRONOUS_PRINCIPALS.fullmatch(name) else "synchronous"


def _is_destination(edge: Edge) -> bool:
    return "DeadLetterConfig" in edge.path or "DestinationConfig" in edge.path
