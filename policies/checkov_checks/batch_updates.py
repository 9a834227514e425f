"""What an update does to a compute environment and to the jobs in it."""

from collections.abc import Iterator
from typing import Any

from _batch import COMPUTE_ENVIRONMENT, on_instances
from _rules import Check, Fault, boolean, mapping, named, number, sequence, shown, text

# With BEST_FIT, the default, AWS Batch updates nothing in place. (API UpdateComputeEnvironment)
_STRATEGIES = (
    "BEST_FIT_PROGRESSIVE", "BEST_FIT_PROGRESSIVE_ORDERED", "SPOT_CAPACITY_OPTIMIZED",
    "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED", "SPOT_PRICE_CAPACITY_OPTIMIZED",
)  # fmt: skip
_LINKED_ROLE = "AWSServiceRoleForBatch"
_LONGEST = 360  # minutes that an update waits for jobs (API UpdatePolicy)


class BatchUpdates(Check):
    """Compute environments are updated in place, and running jobs outlive it."""

    check_id = "CKV_STACKPROOF_BATCH_UPDATES"
    resource_types = (COMPUTE_ENVIRONMENT,)

    def applies(self, properties: dict[str, Any]) -> bool:
        """Only managed environments on instances have a strategy and images of their own."""
        return on_instances(properties)

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """What keeps updates out, and what ends jobs."""
        resources = mapping(properties.get("ComputeResources"))
        yield from _in_place(properties, resources)
        yield from _instances(resources)
        policy, at = mapping(properties.get("UpdatePolicy")), "Properties/UpdatePolicy"
        terminate = policy.get("TerminateJobsOnUpdate")
        if terminate is not None and boolean(terminate) is not False:
            said = f"TerminateJobsOnUpdate is {shown(terminate)}: an update ends the jobs that run"
            yield Fault(key=f"{at}/TerminateJobsOnUpdate", text=said, value=terminate)
        minutes = policy.get("JobExecutionTimeoutMinutes")
        if minutes is not None and not 0 < (number(minutes) or 0) <= _LONGEST:
            said = f"JobExecutionTimeoutMinutes is {shown(minutes)}; AWS Batch takes 1 to {_LONGEST}"
            yield Fault(key=f"{at}/JobExecutionTimeoutMinutes", text=said, value=minutes)


def _in_place(properties: dict[str, Any], resources: dict[str, Any]) -> Iterator[Fault]:
    strategy = resources.get("AllocationStrategy")
    on_kubernetes = "EksConfiguration" in properties  # where the default is BEST_FIT_PROGRESSIVE
    if (text(strategy) or "").upper() not in _STRATEGIES and not (strategy is None and on_kubernetes):
        said = f"AllocationStrategy is {shown(strategy)}; with BEST_FIT, the default, nothing is updated in place"
        yield Fault(key="Properties/ComputeResources/AllocationStrategy", text=said, value=strategy)
    replace = properties.get("ReplaceComputeEnvironment")
    if boolean(replace) is not False:
        said = f"ReplaceComputeEnvironment is {shown(replace)}: an update replaces the environment"
        yield Fault(key="Properties/ReplaceComputeEnvironment", text=said, value=replace)
    role = properties.get("ServiceRole")
    if named(role) and _LINKED_ROLE not in (text(role) or ""):
        said = f"ServiceRole is {shown(role)}; only with its linked role, {_LINKED_ROLE}, AWS Batch updates in place"
        yield Fault(key="Properties/ServiceRole", text=said, value=role)


def _instances(resources: dict[str, Any]) -> Iterator[Fault]:
    at = "Properties/ComputeResources"
    images = [mapping(item) for item in sequence(resources.get("Ec2Configuration"))]
    own = [resources.get("ImageId"), *(image.get("ImageIdOverride") for image in images)]
    latest = resources.get("UpdateToLatestImageVersion")
    if boolean(latest) is not True and not any(named(image) for image in own):
        said = f"UpdateToLatestImageVersion is {shown(latest)}: instances keep the image of their first day"
        yield Fault(key=f"{at}/UpdateToLatestImageVersion", text=said, value=latest)
    if isinstance(resources.get("LaunchTemplate"), dict):
        version = resources["LaunchTemplate"].get("Version")
        if not named(version) or version == "$Default":
            said = f"Version is {shown(version)}: the default stays the first version, whatever the template becomes"
            yield Fault(key=f"{at}/LaunchTemplate/Version", text=said, value=version)


check = BatchUpdates()
