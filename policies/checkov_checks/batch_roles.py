"""Under which role jobs act."""

from collections.abc import Iterator
from typing import Any

from _batch import JobCheck, containers
from _rules import Fault, named, sequence, shown


class BatchRoles(JobCheck):
    """Jobs act under a role of their own."""

    check_id = "CKV_STACKPROOF_BATCH_ROLES"

    def applies(self, properties: dict[str, Any]) -> bool:
        """Pods act under their service account."""
        places = list(containers(properties))
        return not places or not all(place.kubernetes for place in places)

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """No role on EC2, where that of the instance is taken instead; no execution role; one role for both."""
        tasks = {place.task_key: place.task for place in containers(properties) if not place.kubernetes}
        if not tasks:
            yield Fault(key="Properties", text="no container is declared, so no role either")
        for key, task in tasks.items():
            name = "TaskRoleArn" if "/TaskProperties/" in key else "JobRoleArn"
            role, execution = task.get(name), task.get("ExecutionRoleArn")
            if not named(role) and "FARGATE" not in sequence(properties.get("PlatformCapabilities")):
                said = f"{name} is {shown(role)}: the job acts under the role of the instance"
                yield Fault(key=f"{key}/{name}", text=said, value=role)
            if not named(execution):
                said = f"ExecutionRoleArn is {shown(execution)}: the instance must pull the image and write the logs"
                yield Fault(key=f"{key}/ExecutionRoleArn", text=said, value=execution)
            elif named(role) and role == execution:
                yield Fault(key=f"{key}/{name}", text=f"{name} is the execution role, which is the agent's")


check = BatchRoles()
