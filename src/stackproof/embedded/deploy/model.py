"""What the stages of a deployment hand each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stackproof.errors import StackproofError
from stackproof.template.errors import TemplateError as TemplateError


class DeploymentFailed(StackproofError):
    """A resource could not be made, changed or deleted; what was made for it has been rolled back."""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One resource as the template writes it; intrinsic functions are in their long form, not resolved."""

    logical_id: str
    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template that was read: sections as data, functions in long form. `path` is where relative code paths start."""

    path: Path
    parameters: Mapping[str, Mapping[str, Any]]
    mappings: Mapping[str, Any]
    conditions: Mapping[str, Any]
    rules: Mapping[str, Any]
    resources: Mapping[str, Declared]
    outputs: Mapping[str, Mapping[str, Any]]
    language_extensions: bool


@dataclass(frozen=True, kw_only=True)
class Created:
    """What a type answers after it made or changed something: `Ref` gives `physical_id`, `GetAtt` the attributes."""

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    arn: str = ""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One deployed resource. `properties` are resolved, as they were deployed; `attributes` are what GetAtt gives;
    `content` are digests of what properties point to outside the template (local code)."""

    type: str
    logical_id: str
    physical_id: str
    arn: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any]
    tags: Mapping[str, str]
    depends_on: tuple[str, ...]
    deletion_policy: str
    update_replace_policy: str
    content: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A deployed stack; `id` is its ARN. Resources stand in the order in which they were made."""

    name: str
    id: str
    parameters: Mapping[str, Any]
    tags: Mapping[str, str]
    resources: Mapping[str, Resource]
    outputs: Mapping[str, Any]
    conditions: Mapping[str, bool]
