"""Key policies."""

from stackproof.graph import Graph
from stackproof.graph.iam.documents import Kind, statements
from stackproof.graph.iam.keys import administers, key_faults
from stackproof.rules import Hit, Hits, Resource, rule


@rule("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
def kms_key_policy(key: Resource, graph: Graph) -> Hits:
    """The account manages its key through IAM; whoever else may use it, may do so for one purpose and for this
    account."""
    managed = False
    for statement in statements(graph, key, Kind.KEY):
        if not statement.allows:
            continue
        managed = managed or administers(statement)
        for message, place in key_faults(graph, statement):
            yield Hit(message, path=place)
    if not managed:
        place = ("Properties", "KeyPolicy") if "KeyPolicy" in key.properties else ("Properties",)
        yield Hit("its policy does not let the account manage it: nobody could change it any more", path=place)
