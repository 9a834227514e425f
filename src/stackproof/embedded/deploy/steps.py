"""The single steps of a deployment: make, change, replace or remove one resource, and undo it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, DeploymentFailed, Resource
from stackproof.embedded.deploy.plan import Plan
from stackproof.embedded.deploy.registry import ResourceType, find
from stackproof.embedded.deploy.tags import merged_tags, read_tags
from stackproof.embedded.deploy.verify import lost, same
from stackproof.embedded.errors import UnsupportedProperty
from stackproof.embedded.ports import Access, Functions
from stackproof.embedded.world import World
from stackproof.errors import StackproofError

Result = TypeVar("Result")
KEEP = ("Retain", "RetainExceptOnCreate")
"""The policies that keep a resource when its stack goes, or when it is replaced."""
Progress = Callable[[str, str, str], None]


@dataclass(kw_only=True)
class Steps:
    """What one deployment or deletion does, step by step; `done` remembers how to take each step back."""

    world: World
    functions: Functions
    access: Access | None
    stack_name: str
    stack_id: str
    base: Path
    stack_tags: Mapping[str, str]
    on_progress: Progress
    done: list[Callable[[], str | None]] = field(default_factory=list)

    def make(self, planned: Plan, name: str, old: Resource | None) -> Resource:
        """Create the resource, or bring the old one to what is declared now."""
        declared = planned.template.resources[name]
        kind = find(name, declared.type)
        p = planned.properties(name)
        kind.check(name, p)
        tags = merged_tags(kind, self._identity_tags(name), self.stack_tags, p, name)
        wanted = Resource(
            type=declared.type,
            logical_id=name,
            physical_id="",
            arn="",
            properties=p,
            attributes={},
            tags=tags,
            depends_on=tuple(sorted(planned.needs[name])),
            deletion_policy=declared.deletion_policy,
            update_replace_policy=declared.update_replace_policy,
        )
        wanted = replace(wanted, content=_understood(wanted, kind.content, self._context(wanted), p))
        if old is None:
            return self._create(kind, wanted)
        if old.type != declared.type:
            raise DeploymentFailed(
                f"{name}: its type changed from {old.type} to {declared.type}; use a new logical id."
            )
        changed = _changed(old, wanted)
        if not changed:
            return _with(wanted, Created(physical_id=old.physical_id, attributes=old.attributes, arn=old.arn))
        if kind.replaces(old.properties, p, changed):
            return self._create(kind, wanted)
        return self._update(kind, old, wanted, changed)

    def remove(self, resource: Resource, *, keep: bool = False) -> None:
        """Delete one resource, unless its policy keeps it."""
        status = "DELETE_SKIPPED" if keep else "DELETE_IN_PROGRESS"
        self.on_progress(resource.logical_id, resource.type, status)
        if not keep:
            kind = find(resource.logical_id, resource.type)
            _understood(resource, kind.delete, self._context(resource), resource)
            self.on_progress(resource.logical_id, resource.type, "DELETE_COMPLETE")

    def clean_up(self, before: list[Resource], now: Mapping[str, Resource]) -> None:
        """After an update: delete what is no longer declared, or was replaced."""
        for old in reversed(before):
            new = now.get(old.logical_id)
            if new is None:
                self.remove(old, keep=old.deletion_policy in KEEP)
            elif new.physical_id != old.physical_id:
                self.remove(old, keep=old.update_replace_policy in KEEP)

    def roll_back(self) -> list[str]:
        """Take every step back, last first; returns the logical ids of what stays.

        A resource under `Retain` stays even then, as on AWS (`RetainExceptOnCreate` is deleted).
        """
        left = [undo() for undo in reversed(self.done)]
        return [name for name in left if name]

    def _create(self, kind: ResourceType, wanted: Resource) -> Resource:
        self.on_progress(wanted.logical_id, wanted.type, "CREATE_IN_PROGRESS")
        ctx = self._context(wanted)
        try:
            created = _understood(wanted, kind.create, ctx, wanted.properties)
        except StackproofError:
            self.on_progress(wanted.logical_id, wanted.type, "CREATE_FAILED")
            if ctx.made:
                self.done.append(lambda: self._undo_create(_with(wanted, ctx.made[-1]), failed=True))
            raise
        made = _with(wanted, created)
        self.done.append(lambda: self._undo_create(made))
        self._verify(kind, ctx, made, created)
        self.on_progress(wanted.logical_id, wanted.type, "CREATE_COMPLETE")
        return made

    def _update(self, kind: ResourceType, old: Resource, wanted: Resource, changed: frozenset[str]) -> Resource:
        self.on_progress(wanted.logical_id, wanted.type, "UPDATE_IN_PROGRESS")
        ctx = self._context(wanted)
        now = _with(wanted, Created(physical_id=old.physical_id, attributes=old.attributes, arn=old.arn))
        self.done.append(lambda: self._undo_update(kind, now, old, changed))
        created = _understood(wanted, kind.update, ctx, old, wanted.properties, changed)
        made = _with(wanted, created)
        self._verify(kind, ctx, made, created)
        self.on_progress(wanted.logical_id, wanted.type, "UPDATE_COMPLETE")
        return made

    def _undo_create(self, resource: Resource, *, failed: bool = False) -> str | None:
        keep = resource.deletion_policy == "Retain" and not failed
        try:
            self.remove(resource, keep=keep)
        except StackproofError as error:
            return f"{resource.logical_id} (its deletion failed: {error})"
        return resource.logical_id if keep else None

    def _undo_update(self, kind: ResourceType, now: Resource, old: Resource, changed: frozenset[str]) -> str | None:
        try:
            kind.update(self._context(old), now, old.properties, changed)
        except StackproofError as error:
            return f"{old.logical_id} (its update could not be taken back: {error})"
        return None

    def _verify(self, kind: ResourceType, ctx: Context, resource: Resource, created: Created) -> None:
        actual = dict(_understood(resource, kind.read, ctx, created, resource.properties))
        declared = _readable(resource.properties, kind.write_only, "")
        if kind.tags is not None:
            declared["Tags"], actual["Tags"] = dict(resource.tags), read_tags(actual.get("Tags"))
        for path in lost(declared, actual, "", kind.renames):
            raise UnsupportedProperty(f"{resource.logical_id}.{path}")

    def _context(self, resource: Resource) -> Context:
        return Context(
            world=self.world,
            functions=self.functions,
            access=self.access,
            stack_name=self.stack_name,
            stack_id=self.stack_id,
            base=self.base,
            logical_id=resource.logical_id,
            type_name=resource.type,
            tags=resource.tags,
        )

    def _identity_tags(self, logical_id: str) -> dict[str, str]:
        return {
            "aws:cloudformation:stack-name": self.stack_name,
            "aws:cloudformation:stack-id": self.stack_id,
            "aws:cloudformation:logical-id": logical_id,
        }


def _understood(resource: Resource, step: Callable[..., Result], *arguments: Any) -> Result:
    """Run a type's step; values in a form that neither it nor moto understands are the template's fault, by name."""
    try:
        return step(*arguments)
    except (LookupError, TypeError, ValueError, AttributeError, StopIteration) as error:
        raise DeploymentFailed(
            f"{resource.logical_id} ({resource.type}): its properties have a value or form that is not understood: "
            f"{type(error).__name__}: {error}"
        ) from error


def _readable(properties: Mapping[str, Any], write_only: frozenset[str], prefix: str) -> dict[str, Any]:
    """Without the properties that no describe call returns."""
    return {
        name: _readable(value, write_only, f"{prefix}{name}.") if isinstance(value, dict) else value
        for name, value in properties.items()
        if f"{prefix}{name}" not in write_only
    }


def _with(resource: Resource, created: Created) -> Resource:
    attributes = dict(created.attributes)
    return replace(resource, physical_id=created.physical_id, arn=created.arn, attributes=attributes)


def _changed(old: Resource, new: Resource) -> frozenset[str]:
    names = {*old.properties, *new.properties} - {"Tags"}
    missing = object()
    changed = {n for n in names if not _equal(old.properties.get(n, missing), new.properties.get(n, missing))}
    changed |= {n for n, digest in new.content.items() if old.content.get(n) != digest}
    return frozenset(changed | ({"Tags"} if old.tags != new.tags else set()))


def _equal(one: Any, other: Any) -> bool:
    return type(one) is type(other) and same(one, other) if isinstance(one, dict | list) else str(one) == str(other)
