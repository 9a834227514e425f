"""What a resource type is, and where the deployer finds it: classes in `types` register themselves."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, TypeVar

from stackproof.embedded.deploy.context import Context
from stackproof.embedded.deploy.model import Created, Resource, TemplateError
from stackproof.embedded.errors import EmbeddedError, UnsupportedProperty

Properties = Mapping[str, Any]


class ResourceType:
    """One CloudFormation resource type, deployed through boto3.

    `properties` are those that `create` applies and `read` gives back; any other is refused, and `required` (by the
    schemas) must be there. `create_only` are those
    whose change needs a replacement. `tags` says how `Tags` are written, `system_tags` whether AWS adds its own
    `aws:cloudformation:*` tags (aws-facts 10, from the schemas). `write_only` are those (dotted for inner ones) that no
    describe call of the real AWS returns. `renames`: CloudFormation's nested names that the API spells differently.
    """

    type_name: ClassVar[str]
    properties: ClassVar[frozenset[str]] = frozenset()
    required: ClassVar[frozenset[str]] = frozenset()
    create_only: ClassVar[frozenset[str]] = frozenset()
    write_only: ClassVar[frozenset[str]] = frozenset()
    tags: ClassVar[Literal["list", "map"] | None] = None
    system_tags: ClassVar[bool] = False
    renames: ClassVar[Mapping[str, str]] = {}

    def create(self, ctx: Context, p: Properties) -> Created:
        """Make the resource."""
        raise NotImplementedError

    def read(self, ctx: Context, resource: Created, p: Properties) -> Properties:
        """The properties as the describe calls return them, under CloudFormation's top-level names."""
        raise NotImplementedError

    def update(self, ctx: Context, resource: Resource, p: Properties, changed: frozenset[str]) -> Created:
        """Change it in place; `changed` names the properties that differ.

        Raises: EmbeddedError when this update is not emulated.
        """
        raise EmbeddedError(
            f"{resource.logical_id} ({self.type_name}): the update of {', '.join(sorted(changed))} is not emulated."
        )

    def delete(self, ctx: Context, resource: Resource) -> None:
        """Delete it."""
        raise NotImplementedError

    def content(self, ctx: Context, p: Properties) -> dict[str, str]:
        """Digests of what properties point to outside the template, by property: it can change while they do not."""
        return {}

    def replaces(self, old: Properties, new: Properties, changed: frozenset[str]) -> bool:
        """Whether the change needs a new resource in place of the old one."""
        return bool(changed & self.create_only)

    def check(self, logical_id: str, p: Properties) -> None:
        """Refuse what is not known or is missing, before anything is made.

        Raises: UnsupportedProperty, TemplateError naming logical id and property.
        """
        for name in p:
            if name not in self.properties:
                raise UnsupportedProperty(
                    f"{logical_id}.{name}: the embedded AWS does not keep this property of {self.type_name}."
                )
        if missing := sorted(self.required - set(p)):
            raise TemplateError(f"{logical_id}.{missing[0]} is missing; {self.type_name} needs it.")


Class = TypeVar("Class", bound=type[ResourceType])
_TYPES: dict[str, ResourceType] = {}


def resource_type(name: str) -> Callable[[Class], Class]:
    """Register a class as the type `name`."""

    def register(cls: Class) -> Class:
        cls.type_name = name
        _TYPES[name] = cls()
        return cls

    return register


def types() -> Mapping[str, ResourceType]:
    """Every type that can be deployed, by name."""
    package = importlib.import_module("stackproof.embedded.deploy.types")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return _TYPES


def find(logical_id: str, name: str) -> ResourceType:
    """The type `name`.

    Raises: EmbeddedError when there is none.
    """
    known = types()
    if name in known:
        return known[name]
    if name.startswith("Custom::"):
        return known["AWS::CloudFormation::CustomResource"]
    raise EmbeddedError(f"{logical_id}: the embedded AWS has no resource type {name}.")
