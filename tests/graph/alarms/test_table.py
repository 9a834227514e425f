"""The tables of metrics and of what dimensions name are whole, and agree with the schemas."""

import pytest
import yaml

from stackproof.graph.alarms import table
from stackproof.template import schemas

METRICS = table._data("metrics.yaml")
NAMES = table._data("names.yaml")
_ELSEWHERE = {"AWS::Serverless::Function"}  # known to the SAM transform alone


@pytest.mark.parametrize("namespace", METRICS)
def test_each_namespace_names_its_source_and_has_sets(namespace) -> None:
    entry = METRICS[namespace]
    assert entry["source"]
    assert set(entry) <= {"source", "sparse", "alone", "counted", "groups"}
    for group in entry["groups"]:
        assert set(group) <= {"dimensions", "period", "faults", "losses", "work", "gauges"}
        assert group["dimensions"]


@pytest.mark.parametrize("namespace", METRICS)
def test_no_metric_of_a_namespace_is_listed_twice(namespace) -> None:
    names = table.names(namespace)
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("namespace", NAMES)
def test_what_names_a_resource_is_a_dimension_of_a_type_that_exists(namespace) -> None:
    dimensions = {
        name for group in METRICS[namespace]["groups"] for names in group["dimensions"] for name in table._set(names)
    }
    assert set(NAMES[namespace]) <= dimensions
    for dimension in NAMES[namespace]:
        for way in table.naming(namespace, dimension):
            if way.type in _ELSEWHERE:
                continue
            schema = schemas.schema(way.type)
            assert schema is not None, way.type
            assert way.property is None or way.property in schema["properties"], way
            assert way.unless is None or way.unless in schema["properties"], way
            for attribute in filter(None, way.by):
                assert attribute in schema["properties"], way


@pytest.mark.parametrize(
    ("namespace", "metric", "kind"),
    [
        ("AWS/Lambda", "Errors", table.Kind.FAULT),
        ("AWS/Lambda", "DeadLetterErrors", table.Kind.LOSS),
        ("AWS/Lambda", "Invocations", table.Kind.WORK),
        ("AWS/Lambda", "Duration", table.Kind.GAUGE),
        ("AWS/Batch", "JobsMovedToFailed", table.Kind.LOSS),
        ("AWS/Batch", "JobAttemptRunningDuration", table.Kind.GAUGE),
        ("AWS/Lambda", "Error", None),
        ("Shop", "Errors", None),
    ],
)
def test_what_a_metric_counts(namespace, metric, kind) -> None:
    assert getattr(table.known(namespace, metric), "kind", None) == kind


def test_throttled_requests_come_with_their_operation_alone() -> None:
    throttled = table.known("AWS/DynamoDB", "ThrottledRequests")
    assert getattr(throttled, "dimensions", None) == {frozenset({"TableName", "Operation"})}
    assert getattr(throttled, "alone", None) is True


def test_namespaces_of_aws() -> None:
    assert table.is_aws("AWS/Braket")
    assert not table.is_listed("AWS/Braket")
    assert table.is_aws("ECS/ContainerInsights")
    assert not table.is_aws("aws/lambda")


def test_values_of_a_dimension_that_names_no_resource() -> None:
    assert "PutItem" in (table.values("AWS/DynamoDB", "Operation") or ())
    assert table.values("AWS/Lambda", "FunctionName") is None


def test_the_tables_are_plain_yaml(root) -> None:
    folder = root / "src" / "stackproof" / "graph" / "alarms"
    for name in ("metrics.yaml", "names.yaml"):
        assert yaml.safe_load((folder / name).read_text(encoding="utf-8"))
