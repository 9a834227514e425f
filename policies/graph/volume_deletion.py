"""Retention: volumes end with the instances that they were made for."""

from stackproof.graph import Graph
from stackproof.graph.keyusers import is_scaled
from stackproof.graph.values import is_true
from stackproof.graph.volumes import TEMPLATE_MAPPINGS, volumes
from stackproof.rules import Hit, Hits, Resource, rule


@rule("AWS::EC2::LaunchTemplate", where=lambda template, graph: is_scaled(graph, template))
def volume_deletion(template: Resource, graph: Graph) -> Hits:
    """The volumes of instances that come and go are deleted with them: nobody knows afterwards what is on them."""
    for volume in volumes(template, TEMPLATE_MAPPINGS):
        if "DeleteOnTermination" in volume.body and not is_true(volume.body["DeleteOnTermination"]):
            message = "the volume and the data on it stay when its instance ends: DeleteOnTermination is not true"
            yield Hit(message, path=(*volume.path, "DeleteOnTermination"))
