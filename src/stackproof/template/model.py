"""A template as the rules see it: resolved for one environment and one assignment of its undecided conditions.

Values are plain JSON values with three additions:

- a reference to a resource or to a pseudo parameter is a text with tokens (`stackproof.template.references`):
  `!Ref Bucket`, `!GetAtt Bucket.Arn` and `!Sub "${Bucket.Arn}/x"` all are texts, however they were written;
- a value that is not known is an `Unknown`, which raises `UnknownValueError` as soon as a rule asks for its value;
- conditions are decided: what remains undecided after the environment's values gives several templates, one a variant.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NoReturn

Path = tuple[str | int, ...]


class UnknownValueError(Exception):
    """A rule asked for a value that is not known: the engine records the outcome `unknown`, never a pass."""

    def __init__(self, unknown: "Unknown") -> None:
        super().__init__(unknown.reason)
        self.unknown = unknown


@dataclass(frozen=True, eq=False)
class Unknown:
    """A value that is not known; `reason` says why, in words for people ("parameter KeyArn has no value"). `text` is
    the text as far as it is known, with `{?}` where it is not. `isinstance(value, Unknown)` is the only question that
    it answers."""

    reason: str
    text: str = "{?}"

    def _ask(self, *_: object) -> NoReturn:
        raise UnknownValueError(self)

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _ask
    __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = __int__ = __float__ = _ask
    __add__ = __radd__ = __sub__ = __mul__ = __hash__ = _ask

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise UnknownValueError(self)

    def __str__(self) -> str:
        raise UnknownValueError(self)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource. `properties` are resolved and have the schema's scalar types; `origins` leads from a path below
    the resource (("Properties", "Tags", 0)) to its place in the original template where the two differ; `attributes`
    has the rest of the declaration (DeletionPolicy, UpdateReplacePolicy, DependsOn, CreationPolicy, UpdatePolicy),
    `metadata` its Metadata."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    condition: str | None = None
    origins: Mapping[Path, Path] = field(default_factory=dict, repr=False)

    def get(self, *path: str | int, default: Any = None) -> Any:
        """The value at a path below Properties, `default` where there is none.

        Raises: UnknownValueError when something on the way is unknown (an unknown value itself is returned).
        """
        value: Any = self.properties
        for step in path:
            match value:
                case Mapping() if step in value:
                    value = value[step]
                case list() if isinstance(step, int) and -len(value) <= step < len(value):
                    value = value[step]
                case Unknown():
                    raise UnknownValueError(value)
                case _:
                    return default
        return value

    def origin(self, *path: str | int) -> Path:
        """The place in the original template of a path below the resource, such as ("Properties", "Tags", 0)."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.origins:
                return (*self.origins[path[:end]], *path[end:])
        return ("Resources", self.logical_id, *path)


@dataclass(frozen=True, kw_only=True)
class Span:
    """A place in a file: line and column, from 1."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True)
class Source:
    """A template file: its path as the user gave it, its text and hash, its data in long form (`!Ref x` as {"Ref": x}),
    and where each path of the data stands."""

    path: str
    text: str
    sha256: str
    data: Mapping[str, Any] = field(repr=False)
    spans: Mapping[Path, Span] = field(repr=False)

    @cached_property
    def lines(self) -> list[str]:
        """The text's lines."""
        return self.text.splitlines()

    def span(self, path: Path) -> Span | None:
        """The place of a path, or of the nearest thing around it that has one."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.spans:
                return self.spans[path[:end]]
        return None


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter: its declaration, and its value under the environment (a text, a list of texts, or Unknown)."""

    name: str
    declaration: Mapping[str, Any]
    value: Any


@dataclass(frozen=True, kw_only=True)
class Template:
    """A resolved template. `resources` has those that exist under this assignment; `variant` says which undecided
    conditions were taken how ({} when none was); `undecided` are the places that could not be resolved at all (a
    macro, a loop over something unknown), with the reason: they never pass silently."""

    source: Source
    resources: Mapping[str, Resource]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, bool] = field(default_factory=dict)
    variant: Mapping[str, bool] = field(default_factory=dict)
    transforms: tuple[str, ...] = ()
    undecided: tuple[tuple[Path, str], ...] = ()

    def of_type(self, *types: str) -> Iterator[Resource]:
        """The resources of these types, in the order of the template."""
        return (resource for resource in self.resources.values() if resource.type in types)
