"""Encryption: an alias stands for a key."""

from stackproof.graph import Graph
from stackproof.graph.keys import alias_fault
from stackproof.rules import Hit, Hits, Resource, rule


@rule("AWS::KMS::Alias")
def key_alias(alias: Resource, graph: Graph) -> Hits:
    """An alias stands for a key, not for another alias or another kind of resource."""
    if fault := alias_fault(graph, alias.get("TargetKeyId")):
        yield Hit(f"the alias {fault}", path=("Properties", "TargetKeyId"))
