"""Resilience: an update of a compute environment waits for the jobs that run."""

from stackproof.graph import Graph
from stackproof.graph.values import items, mapping, number, text
from stackproof.rules import Hit, Hits, Resource, rule

_JOB = "AWS::Batch::JobDefinition"
_DEFAULT = 30  # minutes (schema of AWS::Batch::ComputeEnvironment, UpdatePolicy)


def _runs_jobs(environment: Resource, graph: Graph) -> bool:
    kind = text(environment.get("ComputeResources", "Type")).upper()
    managed = text(environment.get("Type")).upper() != "UNMANAGED"
    return managed and kind in ("EC2", "SPOT") and any(_on_instances(job) for job in graph.of_type(_JOB))


def _on_instances(job: Resource) -> bool:
    return "FARGATE" not in items(job.get("PlatformCapabilities"))


@rule("AWS::Batch::ComputeEnvironment", where=_runs_jobs)
def batch_update_timeout(environment: Resource, graph: Graph) -> Hits:
    """An update of a compute environment waits longer than any attempt of a job may take, and so ends none."""
    policy = mapping(environment.get("UpdatePolicy"))
    minutes = policy.get("JobExecutionTimeoutMinutes", _DEFAULT)
    at = ("Properties", "UpdatePolicy", "JobExecutionTimeoutMinutes")
    for job in filter(_on_instances, graph.of_type(_JOB)):
        seconds = number(job.get("Timeout", "AttemptDurationSeconds")) or 0
        if (number(minutes) or 0) * 60 < seconds:
            said = f"an update ends jobs after {minutes} minutes; an attempt of {job.logical_id} may take {seconds} s"
            yield Hit(said, path=at[: 3 if "JobExecutionTimeoutMinutes" in policy else 2 if policy else 1])
