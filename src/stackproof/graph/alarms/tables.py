"""Tables: the alarms on throttled reads and writes, of the table and of its indexes."""

from collections.abc import Iterator, Mapping
from typing import Any

from stackproof.graph.alarms.coverage import Need, gap
from stackproof.graph.alarms.metrics import index_names
from stackproof.graph.graph import Graph
from stackproof.template.model import Resource, UnknownValueError
from stackproof.template.references import display

TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")
_KINDS = (("reads", "ReadThrottleEvents"), ("writes", "WriteThrottleEvents"))


def _need(metric: str, limits: Mapping[str, Any], **more: Any) -> Need:
    return Need(
        namespace="AWS/DynamoDB",
        names=(metric,),
        dimension="TableName",
        value=limits["faults_at_most"],
        periods=limits["bad_periods_at_most"],
        seconds=limits["seconds_at_most"],
        by_band=True,
        **more,
    )


def table_gaps(graph: Graph, table: Resource, limits: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What of a table (reads, writes) no alarm tells to be throttled, and why. An alarm on ThrottledRequests, which
    comes with the operation, tells both."""
    gaps = [(what, why) for what, metric in _KINDS if (why := gap(graph, table, _need(metric, limits)))]
    if gaps and gap(graph, table, _need("ThrottledRequests", limits, more=(("Operation", None),))) is not None:
        yield from gaps


def index_gaps(graph: Graph, table: Resource, limits: Mapping[str, Any]) -> Iterator[tuple[int, str, str]]:
    """The indexes of a table without an alarm on throttled reads or writes, where at least half have it: number, what
    is not covered, and why."""
    names = index_names(table.properties)
    for what, metric in _KINDS:
        gaps = [(number, name, _index_gap(graph, table, metric, name, limits)) for number, name in enumerate(names)]
        if 2 * sum(why is None for _, _, why in gaps) >= len(gaps):
            yield from (
                (n, f"{what} of the index {display(str(name))}", why) for n, name, why in gaps if why is not None
            )


def _index_gap(graph: Graph, table: Resource, metric: str, name: Any, limits: Mapping[str, Any]) -> str | None:
    need = _need(metric, limits, more=(("GlobalSecondaryIndexName", (name,)),))
    try:
        return gap(graph, table, need)
    except UnknownValueError:
        return None
