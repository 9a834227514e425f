"""How far compute environments scale."""

from collections.abc import Iterator
from typing import Any

from _batch import COMPUTE_ENVIRONMENT
from _rules import Check, Fault, mapping, number, shown, text, threshold


class BatchCompute(Check):
    """Compute environments scale between limits."""

    check_id = "CKV_STACKPROOF_BATCH_COMPUTE"
    resource_types = (COMPUTE_ENVIRONMENT,)

    def applies(self, properties: dict[str, Any]) -> bool:
        """AWS Batch does not scale an unmanaged environment."""
        return (text(properties.get("Type")) or "").upper() != "UNMANAGED"

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """A most that is missing or too high, and a least that is above it."""
        at = "Properties/ComputeResources"
        resources = mapping(properties.get("ComputeResources"))
        given = resources.get("MaxvCpus")
        most, limit = number(given), threshold("resilience", "max_vcpus_at_most")
        if most is None or not 0 < most <= limit:
            yield Fault(key=f"{at}/MaxvCpus", text=f"MaxvCpus is {shown(given)}; 1 to {limit}", value=given)
        floor = resources.get("MinvCpus", 0)
        least = number(floor)
        if least is None or least < 0 or (most is not None and least > most):
            said = f"MinvCpus is {shown(floor)}; 0 to MaxvCpus ({shown(given)})"
            yield Fault(key=f"{at}/MinvCpus", text=said, value=floor)


check = BatchCompute()
