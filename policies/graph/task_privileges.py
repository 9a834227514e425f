"""Containers: ECS tasks."""

from stackproof.graph import Graph
from stackproof.graph.tasks import power_faults
from stackproof.rules import Hit, Hits, Resource, rule


@rule("AWS::ECS::TaskDefinition")
def task_privileges(task: Resource, graph: Graph) -> Hits:
    """No container of an ECS task is privileged, and none shares its host's processes or network."""
    for message, path in power_faults(task):
        yield Hit(message, path=path)
