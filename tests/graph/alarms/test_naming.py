"""Which resource a dimension's value names."""

import pytest

from stackproof.graph.alarms.naming import named

TEMPLATE = """
Resources:
  Function: {Type: 'AWS::Lambda::Function', Properties: {FunctionName: !Sub '${AWS::StackName}-pay'}}
  Queue: {Type: 'AWS::SQS::Queue'}
  JobQueue: {Type: 'AWS::Batch::JobQueue', Properties: {JobQueueName: jobs}}
  Rule: {Type: 'AWS::Events::Rule', Properties: {EventBusName: orders}}
  Default: {Type: 'AWS::Events::Rule', Properties: {EventBusName: default}}
  Value: {Type: 'AWS::SSM::Parameter', Properties: {Value: [%s]}}
"""


def _named(graph, namespace, dimension, written):
    found = graph(TEMPLATE % written)
    return named(found, namespace, dimension, found.resources["Value"].properties["Value"][0])


@pytest.mark.parametrize(
    ("namespace", "dimension", "written", "name"),
    [
        ("AWS/Lambda", "FunctionName", "!Ref Function", "Function"),
        ("AWS/Lambda", "FunctionName", "!Sub '${AWS::StackName}-pay'", "Function"),
        ("AWS/Lambda", "Resource", "!Sub '${Function}:live'", "Function"),
        ("AWS/SQS", "QueueName", "!GetAtt Queue.QueueName", "Queue"),
        ("AWS/Batch", "JobQueueName", "jobs", "JobQueue"),
        ("AWS/Events", "RuleName", "!Ref Default", "Default"),
    ],
)
def test_what_names_a_resource(graph, namespace, dimension, written, name) -> None:
    found = _named(graph, namespace, dimension, written)
    assert getattr(found.resource, "logical_id", None) == name


@pytest.mark.parametrize(
    ("namespace", "dimension", "written", "fault"),
    [
        ("AWS/Lambda", "FunctionName", "!GetAtt Function.Arn", "${Function.Arn} is not its name"),
        ("AWS/Lambda", "FunctionName", "!Ref Queue", "${Queue} is of the type AWS::SQS::Queue"),
        ("AWS/SQS", "QueueName", "!Ref Queue", "${Queue} is not its name"),
        ("AWS/Batch", "JobQueueName", "!Ref JobQueue", "${JobQueue} is not its name"),
        ("AWS/Events", "RuleName", "!Ref Rule", "${Rule} has the bus in it, the dimension is the name alone"),
        ("AWS/Lambda", "FunctionName", "!Sub '${Function}-x'", "${Function}-x is no name of a resource"),
        ("AWS/Lambda", "FunctionName", "''", "it is empty"),
        ("AWS/Lambda", "FunctionName", "[]", "it is no text"),
    ],
)
def test_what_names_none(graph, namespace, dimension, written, fault) -> None:
    assert _named(graph, namespace, dimension, written).fault == fault


def test_a_name_of_something_elsewhere_is_no_fault(graph) -> None:
    found = _named(graph, "AWS/Lambda", "FunctionName", "elsewhere")
    assert (found.resource, found.fault) == (None, "")
