"""Whether the instances of a compute environment could start: their role, and the key of their volumes.

AWS Batch starts instances through Auto Scaling, whose service-linked role may use a customer key only where its own
policy lets it (EC2 Auto Scaling, Required key policy for encrypted volumes; EC2, Permissions for EBS encryption). Else
they die at launch and the jobs stay RUNNABLE for ever, without an error anywhere. Networks are not judged.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from moto.ec2.models import ec2_backends

from stackproof.embedded.errors import AwsError, EmbeddedError
from stackproof.embedded.ports import Access
from stackproof.embedded.services.batch_resources import Resources
from stackproof.embedded.world import World

BLOCKED = "UNDETERMINED - Batch job is blocked, root cause is undetermined."
"""What AWS Batch says of a job that waits for instances which never come (AWS Batch, Jobs stuck in RUNNABLE)."""
_ROLE = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
_ACTIONS = ("kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:Decrypt", "kms:CreateGrant")


class Launches:
    """The launches of the instances behind a job queue."""

    def __init__(self, world: World, access: Access, resources: Resources) -> None:
        self._world, self._access, self._resources = world, access, resources

    def blocked(self, queue_arn: str) -> str | None:
        """Why no instance of the queue's environment would start, in AWS Batch's words; None when one would."""
        settings = self._resources.environment(queue_arn).compute_resources or {}
        try:
            for key in self._volume_keys(settings.get("launchTemplate") or {}):
                self._require(key)
            if settings.get("instanceRole"):
                role = self._resources.instance_role(queue_arn)
                self._access.require_service("ec2.amazonaws.com", "sts:AssumeRole", role, source_arn="")
        except AwsError:
            return BLOCKED
        return None

    def _require(self, key: str) -> None:
        account = self._world.account
        role = f"arn:{account.partition}:iam::{account.id}:{_ROLE}"
        context = {"kms:ViaService": f"ec2.{account.region}.amazonaws.com"}
        for action in _ACTIONS:
            grant = {"kms:GrantIsForAWSResource": "true"} if action == "kms:CreateGrant" else {}
            self._access.require_role(role, action, key, {**context, **grant})

    def _volume_keys(self, given: Mapping[str, Any]) -> Iterator[str]:
        """The customer keys that a launch template names for its volumes."""
        if not given:
            return
        for mapping in self._template(given).get("BlockDeviceMappings") or []:
            key = mapping.get("Ebs", {}).get("KmsKeyId")
            if key and not str(key).split(":")[-1].startswith("alias/aws/"):
                yield str(key)

    def _template(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        account = self._world.account
        wanted = given.get("launchTemplateId") or given.get("launchTemplateName")
        for template in ec2_backends[account.id][account.region].launch_templates.values():
            if wanted in (template.id, template.name):
                version = str(given.get("version") or "$Default")
                names = {"$Default": template.default_version_number, "$Latest": template.latest_version_number}
                number = str(names.get(version, version))
                for found in template.versions:
                    if str(found.number) == number:
                        data: Mapping[str, Any] = found.data
                        return data
                raise EmbeddedError(f"The launch template {wanted} has no version {version}.")
        raise EmbeddedError(f"The compute environment names the launch template {wanted}, which is not deployed.")
