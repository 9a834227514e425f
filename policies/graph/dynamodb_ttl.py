"""Retention: tables of events expire their items."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph import Graph
from stackproof.graph.buckets import is_named
from stackproof.graph.values import is_true, items, mapping, text, there
from stackproof.rules import Hit, Hits, Resource, rule

_PATH = ("Properties", "TimeToLiveSpecification")


def _expires(table: Resource, graph: Graph, thresholds: Mapping[str, Any]) -> bool:
    """By its name, or because it says so. A table of another kind may have its TTL switched off."""
    if is_named(table, thresholds["retention"]["event_table_names"], "TableName"):
        return True
    given = table.get("TimeToLiveSpecification")
    return given is not None and table.get("TimeToLiveSpecification", "Enabled") is not False


@rule("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", where=_expires)
def dynamodb_ttl(table: Resource) -> Hits:
    """A table of events has TTL enabled, on an attribute that can hold a time."""
    if not is_true(table.get("TimeToLiveSpecification", "Enabled")):
        yield Hit("the table's items never expire: its TTL is not enabled", path=there(table, (*_PATH, "Enabled")))
        return
    name = text(table.get("TimeToLiveSpecification", "AttributeName"))
    if not name:
        yield Hit("the TTL names no attribute, so no item expires", path=there(table, (*_PATH, "AttributeName")))
    for item in map(mapping, items(table.get("AttributeDefinitions"))):
        if name and item.get("AttributeName") == name and item.get("AttributeType") != "N":
            message = f"{name} is no number, so it never expires an item (AttributeDefinitions)"
            yield Hit(message, path=(*_PATH, "AttributeName"))
