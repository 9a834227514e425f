"""Metrics of the user's own: what their names and the template say."""

import pytest

from stackproof.graph.alarms import own
from stackproof.graph.alarms.model import Metric

TEMPLATE = """
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties: {Environment: {Variables: {POWERTOOLS_METRICS_NAMESPACE: Pay, POWERTOOLS_SERVICE_NAME: pay}}}
  Job:
    Type: AWS::Batch::JobDefinition
    Properties:
      ContainerProperties:
        Environment: [{Name: METRICS_NAMESPACE, Value: Jobs}, {Name: K8S_NAMESPACE, Value: x}]
  Filter:
    Type: AWS::Logs::MetricFilter
    Properties: {MetricTransformations: [{MetricNamespace: Lines, MetricName: Errors, MetricValue: '1'}]}
"""


def _metric(namespace="Pay", name="Orders", **dimensions):
    return Metric(namespace=namespace, name=name, dimensions=dimensions)


def test_the_namespaces_that_a_template_says_are_emitted_into(graph) -> None:
    assert own.declared(graph(TEMPLATE)) == {"Pay", "Jobs", "Lines"}


@pytest.mark.parametrize(("namespace", "fault"), [("Pay", False), ("Lines", False), ("CWAgent", False), ("Pays", True)])
def test_a_namespace_that_nobody_emits_into(graph, namespace, fault) -> None:
    found = own.namespace_fault(graph(TEMPLATE), _metric(namespace), {namespace: 1})
    assert (found is not None) is fault


def test_a_namespace_that_is_used_often_is_somebodys(graph) -> None:
    assert own.namespace_fault(graph(TEMPLATE), _metric("Shop"), {"Shop": 3}) is None


def test_nothing_is_said_where_no_namespace_is_declared(graph) -> None:
    found = graph("Resources: {Topic: {Type: 'AWS::SNS::Topic'}}")
    assert own.namespace_fault(found, _metric("Shop"), {"Shop": 1}) is None


@pytest.mark.parametrize(
    ("metric", "fault"),
    [
        (_metric(service="pay"), None),
        (_metric(service="pay", Operation="x"), None),
        (_metric(), "Powertools emits its metrics with the dimension service, which is missing"),
        (_metric(service="pays"), "no function that emits it has this service name"),
        (_metric("Jobs"), None),
    ],
)
def test_the_dimension_that_powertools_adds(graph, metric, fault) -> None:
    assert own.service_fault(graph(TEMPLATE), metric) == fault


@pytest.mark.parametrize(
    ("name", "at_most"),
    [
        ("JobsFailed", 1),
        ("ControlTotalMismatch", 1),
        ("DuplicateContent", 1),
        ("OrderErrors", 20),
        ("RejectedShare", 100),
        ("ErrorRate", 100),
        ("OldestActiveJobAge", 14400),
        ("OldestMessageAge", 86400),
        ("SuccessRate", None),
        ("TransactionsRejected", None),
        ("JobUsage", None),
        ("Orders", None),
    ],
)
def test_names_that_tell_of_a_fault(limits, name, at_most) -> None:
    kind = own.kind(_metric("Shop", name), limits)
    assert (kind.at_most if kind else None) == at_most


def test_a_metric_of_aws_is_none_of_them(limits) -> None:
    assert own.kind(_metric("AWS/Lambda", "Errors"), limits) is None
