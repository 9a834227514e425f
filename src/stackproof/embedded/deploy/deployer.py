"""Create, update and delete stacks in the embedded AWS."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from stackproof.embedded.deploy.corrections import correct
from stackproof.embedded.deploy.load import load
from stackproof.embedded.deploy.model import Resource, Stack, TemplateError
from stackproof.embedded.deploy.plan import Plan, plan
from stackproof.embedded.deploy.steps import KEEP, Progress, Steps
from stackproof.embedded.deploy.supplements import Supplements
from stackproof.embedded.ports import Access, Functions
from stackproof.embedded.world import World
from stackproof.errors import StackproofError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")  # API CreateStack.StackName


class Deployer:
    """Deploys templates through the operator's clients. Stacks are kept as plain data in the world's state."""

    def __init__(self, world: World, *, functions: Functions, access: Access | None = None) -> None:
        self._world = world
        self._functions = functions
        self._access = access
        Supplements(world)
        correct(world)

    def stack(self, name: str) -> Stack:
        """The deployed stack of that name.

        Raises: StackproofError when there is none.
        """
        try:
            return self._stacks()[name]
        except KeyError:
            raise StackproofError(f"There is no stack {name!r}.") from None

    def deploy(
        self,
        template: Path,
        *,
        stack_name: str,
        parameters: Mapping[str, str],
        tags: Mapping[str, str],
        on_progress: Progress | None = None,
    ) -> Stack:
        """Create the stack, or update the one of that name. `on_progress` gets (logical id, type, status) as it goes.

        Raises: TemplateError or EmbeddedError before anything is made; DeploymentFailed or UnsupportedProperty naming
        the resource after what was done has been rolled back, or the replaced one that could not be deleted in the end.
        """
        _check_names(stack_name, tags)
        old = self._stacks().get(stack_name)
        stack_id = old.id if old else self._new_id(stack_name)
        planned = plan(self._world, load(template), parameters, stack_name=stack_name, stack_id=stack_id)
        steps = self._steps(stack_name, stack_id, template.resolve().parent, tags, on_progress)
        before = dict(old.resources) if old else {}
        self._make(steps, planned, before)
        stack = Stack(
            name=stack_name,
            id=stack_id,
            parameters=planned.parameters,
            tags=dict(tags),
            resources=dict(planned.made),
            outputs=planned.outputs(),
            conditions=planned.conditions,
        )
        self._stacks()[stack_name] = stack
        steps.clean_up(list(before.values()), planned.made)
        return stack

    def delete(self, stack_name: str, *, on_progress: Progress | None = None) -> None:
        """Delete the stack's resources, last made first; what has a policy to retain stays.

        Raises: DeploymentFailed naming the resource that AWS would not delete; the stack stays, with what is left.
        """
        stack = self.stack(stack_name)
        steps = self._steps(stack_name, stack.id, Path(), stack.tags, on_progress)
        left = dict(stack.resources)
        try:
            for resource in reversed(list(stack.resources.values())):
                steps.remove(resource, keep=resource.deletion_policy in KEEP)
                del left[resource.logical_id]
        except StackproofError:
            self._stacks()[stack_name] = replace(stack, resources=left)
            raise
        del self._stacks()[stack_name]

    def _make(self, steps: Steps, planned: Plan, before: dict[str, Resource]) -> None:
        try:
            for name in planned.names:
                planned.made[name] = steps.make(planned, name, before.get(name))
            planned.outputs()
        except StackproofError as error:
            left = steps.roll_back()
            note = f" Left behind by their policy: {', '.join(left)}." if left else ""
            raise type(error)(f"{error}{note}") from error

    def _steps(
        self, name: str, stack_id: str, base: Path, tags: Mapping[str, str], on_progress: Progress | None
    ) -> Steps:
        return Steps(
            world=self._world,
            functions=self._functions,
            access=self._access,
            stack_name=name,
            stack_id=stack_id,
            base=base,
            stack_tags=dict(tags),
            on_progress=on_progress or (lambda logical_id, type_name, status: None),
        )

    def _stacks(self) -> dict[str, Stack]:
        make: Callable[[], dict[str, Stack]] = dict
        return self._world.state("deploy.stacks", make)

    def _new_id(self, name: str) -> str:
        return self._world.account.arn("cloudformation", f"stack/{name}/{self._world.ids.uuid4()}")


def _check_names(stack_name: str, tags: Mapping[str, str]) -> None:
    if not _NAME.fullmatch(stack_name):
        raise TemplateError(f"The stack name {stack_name!r} is not allowed: letters, digits and -, a letter first.")
    for key in tags:
        if key.lower().startswith("aws:"):
            raise TemplateError(f"The stack tag {key!r} is not allowed: aws: is AWS's own.")
    if len(tags) > 50:
        raise TemplateError("A stack takes at most 50 tags.")
