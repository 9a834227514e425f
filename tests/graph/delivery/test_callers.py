"""Who calls a function without waiting for its answer."""

import pytest

from stackproof.graph.delivery.callers import may_be_asynchronous

FUNCTION = "Resources:\n  Function: {Type: 'AWS::Lambda::Function'}\n"


def permission(principal: str, name: str = "!Ref Function") -> str:
    properties = f"{{FunctionName: {name}, Principal: {principal}}}"
    return f"  Permission: {{Type: 'AWS::Lambda::Permission', Properties: {properties}}}\n"


ASYNCHRONOUS = {
    "nobody_known": "",
    "rule": "  A: {Type: 'AWS::Events::Rule', Properties: {Targets: [{Arn: !GetAtt Function.Arn}]}}\n",
    "schedule": "  A: {Type: 'AWS::Scheduler::Schedule', Properties: {Target: {Arn: !GetAtt Function.Arn}}}\n",
    "topic": "  A: {Type: 'AWS::SNS::Subscription', Properties: {Endpoint: !GetAtt Function.Arn}}\n",
    "custom_resource": "  A: {Type: 'Custom::A', Properties: {ServiceToken: !GetAtt Function.Arn}}\n",
    "bucket": permission("s3.amazonaws.com"),
    "logs_of_a_region": permission("!Sub 'logs.${AWS::Region}.amazonaws.com'"),
    "dead_letters_of_another": (
        "  A: {Type: 'AWS::Lambda::EventInvokeConfig', "
        "Properties: {DestinationConfig: {OnFailure: {Destination: !GetAtt Function.Arn}}}}\n"
    ),
    "by_alias": (
        "  Live: {Type: 'AWS::Lambda::Alias', Properties: {FunctionName: !Ref Function}}\n"
        "  A: {Type: 'AWS::Events::Rule', Properties: {Targets: [{Arn: !Ref Live}]}}\n"
    ),
    "both": (
        "  A: {Type: 'AWS::Lambda::Url', Properties: {TargetFunctionArn: !GetAtt Function.Arn}}\n"
        "  B: {Type: 'AWS::Events::Rule', Properties: {Targets: [{Arn: !GetAtt Function.Arn}]}}\n"
    ),
    "only_named_in_an_alarm": (
        "  A: {Type: 'AWS::CloudWatch::Alarm', Properties: {Dimensions: [{Name: a, Value: !Ref Function}]}}\n"
    ),
}
SYNCHRONOUS = {
    "api": permission("apigateway.amazonaws.com"),
    "balancer": permission("elasticloadbalancing.amazonaws.com"),
    "url": "  A: {Type: 'AWS::Lambda::Url', Properties: {TargetFunctionArn: !GetAtt Function.Arn}}\n",
    "queue": "  A: {Type: 'AWS::Lambda::EventSourceMapping', Properties: {FunctionName: !Ref Function}}\n",
    "state_machine": (
        "  A: {Type: 'AWS::StepFunctions::StateMachine', "
        'Properties: {DefinitionString: !Sub \'{"R": "${Function.Arn}"}\'}}\n'
    ),
    "by_alias": (
        "  Live: {Type: 'AWS::Lambda::Alias', Properties: {FunctionName: !Ref Function}}\n"
        + permission("apigateway.amazonaws.com", "!Ref Live")
    ),
}


@pytest.mark.parametrize("name", ASYNCHRONOUS)
def test_a_call_that_may_be_asynchronous(graph, name: str) -> None:
    made = graph(FUNCTION + ASYNCHRONOUS[name])
    assert may_be_asynchronous(made.resources["Function"], made)


@pytest.mark.parametrize("name", SYNCHRONOUS)
def test_calls_that_all_wait(graph, name: str) -> None:
    made = graph(FUNCTION + SYNCHRONOUS[name])
    assert not may_be_asynchronous(made.resources["Function"], made)
