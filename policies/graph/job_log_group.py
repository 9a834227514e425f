"""Retention: log groups of jobs and tasks."""

from stackproof.graph import Graph
from stackproof.graph.joblogs import awslogs, group_fault
from stackproof.rules import Hit, Hits, Resource, rule


@rule("AWS::Batch::JobDefinition", "AWS::ECS::TaskDefinition", where=lambda resource, graph: bool(awslogs(resource)))
def job_log_group(definition: Resource, graph: Graph) -> Hits:
    """Each job or task that writes to CloudWatch Logs writes to a log group that the template declares."""
    for value, path in awslogs(definition):
        if fault := group_fault(graph, value):
            yield Hit(fault, path=path)
