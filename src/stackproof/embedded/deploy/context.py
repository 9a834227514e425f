"""What a resource type gets to work with while one resource is made, changed or deleted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from stackproof.embedded.deploy.model import Created, DeploymentFailed
from stackproof.embedded.deploy.shapes import Renames, to_api
from stackproof.embedded.ports import Access, Functions
from stackproof.embedded.world import World


@dataclass(frozen=True, kw_only=True)
class Context:
    """One resource of one stack. `tags` are the resource's whole tags: declared, the stack's, AWS's own.
    `base` is the template's folder, where relative code paths start."""

    world: World
    functions: Functions
    access: Access | None
    stack_name: str
    stack_id: str
    base: Path
    logical_id: str
    type_name: str
    tags: Mapping[str, str]
    made: list[Created] = field(default_factory=list)

    def announce(self, created: Created) -> Created:
        """Say that the resource exists, as soon as it does: what fails after that is rolled back by deleting it."""
        self.made.append(created)
        return created

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """Call an operation as the operator, by its API name; parameters that are None are left out.

        Raises: DeploymentFailed naming the resource and AWS's own words.
        """
        method = getattr(self.world.client(service), xform_name(operation))
        try:
            answer: dict[str, Any] = method(**{k: v for k, v in parameters.items() if v is not None})
        except ClientError as error:
            said = error.response.get("Error", {})
            raise self.failed(f"{service}:{operation}: {said.get('Code')}: {said.get('Message')}") from error
        except BotoCoreError as error:
            raise self.failed(f"{service}:{operation}: {' '.join(str(error).split())}") from error
        return answer

    def found(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any] | None:
        """Like `call`; None when AWS says that there is no such thing."""
        try:
            return self.call(service, operation, **parameters)
        except DeploymentFailed as error:
            if isinstance(error.__cause__, ClientError):
                code = error.__cause__.response["Error"]["Code"]
                if (
                    code.startswith("NoSuch")
                    or "NotFound" in code
                    or code.endswith(("NonExistentQueue", "DoesNotExist"))
                ):
                    return None
            raise

    def request(
        self,
        service: str,
        operation: str,
        properties: Mapping[str, Any],
        *,
        only: tuple[str, ...] | None = None,
        without: tuple[str, ...] = (),
        renames: Renames | None = None,
    ) -> dict[str, Any]:
        """Properties as parameters of an operation, names and kinds held against its model (`shapes.to_api`)."""
        chosen = {k: v for k, v in properties.items() if (only is None or k in only) and k not in without}
        result: dict[str, Any] = to_api(chosen, self.shape(service, operation), self.logical_id, renames or {})
        return result

    def convert(self, service: str, operation: str, member: str, value: Any, renames: Renames | None = None) -> Any:
        """One property as the member `member` (dotted for inner ones) of an operation's input."""
        shape = self.shape(service, operation)
        for part in member.split("."):
            shape = shape.members[part]
        return to_api(value, shape, f"{self.logical_id}.{member}", renames or {})

    def shape(self, service: str, operation: str) -> Any:
        """The input shape of an operation."""
        return self.world.client(service).meta.service_model.operation_model(operation).input_shape

    def tag_list(self) -> list[dict[str, str]]:
        """The tags as a list of Key and Value."""
        return [{"Key": key, "Value": value} for key, value in self.tags.items()]

    def generated_name(self, limit: int, *, lower: bool = False) -> str:
        """A physical name as CloudFormation makes them: stack, logical id, random; at most `limit` characters."""
        suffix = self.world.ids.hex(12).upper()
        room = limit - len(suffix) - 2
        logical = self.logical_id[: max(room // 2, room - len(self.stack_name))]
        name = f"{self.stack_name[: room - len(logical)]}-{logical}-{suffix}"
        return name.lower() if lower else name

    def failed(self, why: str) -> DeploymentFailed:
        """The error of this resource."""
        return DeploymentFailed(f"{self.logical_id} ({self.type_name}): {why}")
