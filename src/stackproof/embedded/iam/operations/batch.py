"""AWS Batch. SubmitJob is judged on the queue and on the definition with its revision, which AWS adds to a bare name
(Batch, "Restrict job submission"); with tags it also needs TagResource on the job to be (`job/*`)."""

from collections.abc import Mapping
from typing import Any

from stackproof.embedded.iam.operations.entry import Entry, Service, View, parameter

_TAGS = ("aws:RequestTag/${TagKey}", "aws:TagKeys")


def _entry(operation: str, action: str, resource: str = "", keys: tuple[str, ...] = (), when: str = "") -> Entry:
    return Entry(operation=operation, action=f"batch:{action}", resource=resource, keys=keys, when=when)


_ENTRIES = (
    _entry("SubmitJob", "SubmitJob", "job-queue", ("batch:ShareIdentifier", *_TAGS)),
    _entry("SubmitJob", "SubmitJob", "job-definition-revision", ("batch:ShareIdentifier", *_TAGS)),
    _entry("SubmitJob", "TagResource", "job", _TAGS, when="tags"),
    _entry("ListJobs", "ListJobs"),
    _entry("DescribeJobs", "DescribeJobs"),
    _entry("DescribeJobQueues", "DescribeJobQueues"),
    _entry("DescribeJobDefinitions", "DescribeJobDefinitions"),
    _entry("DescribeComputeEnvironments", "DescribeComputeEnvironments"),
    _entry("TerminateJob", "TerminateJob", "job"),
    _entry("CancelJob", "CancelJob", "job"),
)


def _queue(view: View) -> str:
    name = view.required("jobQueue")
    return name if name.startswith("arn:") else view.arn("batch", f"job-queue/{name}")


def _definition(view: View) -> str:
    name = view.required("jobDefinition")
    short = name.split(":job-definition/")[-1]
    if ":" in short:
        return name if name.startswith("arn:") else view.arn("batch", f"job-definition/{name}")
    return view.deployed.job_definition(short) or view.arn("batch", f"job-definition/{short}:1")


def _job(view: View) -> str:
    return view.arn("batch", f"job/{view.parameters.get('jobId', '*')}")


def _tags(view: View) -> Mapping[str, Any]:
    tags: Mapping[str, Any] = view.parameters.get("tags") or {}
    return tags


BATCH = Service(
    name="batch",
    entries=_ENTRIES,
    resources={"job-queue": _queue, "job-definition-revision": _definition, "job": _job},
    keys={
        "batch:ShareIdentifier": parameter("shareIdentifier"),
        "aws:TagKeys": lambda view: list(_tags(view)) or None,
        "aws:RequestTag/${TagKey}": _tags,
    },
    unmodelled=frozenset({"batch:EKSImage", "batch:EKSNamespace"}),
)
