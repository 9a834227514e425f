"""What an update does to a compute environment and to the jobs in it."""

from collections.abc import Iterator
from typing import Any

from _batch import BatchCheck, Fault, boolean, mapping, shown, text

# With these AWS Batch can update instances in place; BEST_FIT, the default, allows none. (API UpdateComputeEnvironment)
_STRATEGIES = ("BEST_FIT_PROGRESSIVE", "SPOT_CAPACITY_OPTIMIZED", "SPOT_PRICE_CAPACITY_OPTIMIZED")


class BatchUpdates(BatchCheck):
    """Compute environments can be updated, and running jobs outlive it."""

    check_id = "CKV_STACKPROOF_BATCH_UPDATES"
    resource_type = "AWS::Batch::ComputeEnvironment"

    def applies(self, properties: dict[str, Any]) -> bool:
        """Only managed environments on instances have an allocation strategy and are updated by AWS Batch."""
        kind = (text(mapping(properties.get("ComputeResources")).get("Type")) or "").upper()
        managed = (text(properties.get("Type")) or "").upper() != "UNMANAGED"
        return managed and kind not in ("FARGATE", "FARGATE_SPOT")

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """A strategy without updates, a replacement that fails on its own name, an update that ends jobs."""
        strategy = mapping(properties.get("ComputeResources")).get("AllocationStrategy")
        on_kubernetes = "EksConfiguration" in properties  # where the default is BEST_FIT_PROGRESSIVE
        if not (strategy in _STRATEGIES or (strategy is None and on_kubernetes)):
            said = (
                f"AllocationStrategy is {shown(strategy)}; with BEST_FIT, the default, no update in place is possible"
            )
            yield Fault(key="Properties/ComputeResources/AllocationStrategy", text=said, value=strategy)
        replace = properties.get("ReplaceComputeEnvironment")
        if boolean(replace) is not False and properties.get("ComputeEnvironmentName") is not None:
            said = (
                f"ReplaceComputeEnvironment is {shown(replace)} and the environment has a name: "
                "its replacement can't be made while the old one has that name"
            )
            yield Fault(key="Properties/ReplaceComputeEnvironment", text=said, value=replace)
        terminate = mapping(properties.get("UpdatePolicy")).get("TerminateJobsOnUpdate")
        if terminate is not None and boolean(terminate) is not False:
            said = f"TerminateJobsOnUpdate is {shown(terminate)}: an update ends the jobs that run"
            yield Fault(key="Properties/UpdatePolicy/TerminateJobsOnUpdate", text=said, value=terminate)


check = BatchUpdates()
