"""YAML and JSON documents as CloudFormation takes them, with the place of every value.

The document is built from the parser's events, one at a time: no recursion, no aliases (a few lines of them can stand
for gigabytes), bounded depth, no tags but CloudFormation's own, no key twice. Short tags are written out (`!Ref x` as
{"Ref": x})."""

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml
from yaml.events import AliasEvent, CollectionEndEvent, Event, MappingStartEvent, ScalarEvent, SequenceStartEvent

from stackproof.template.errors import TemplateError
from stackproof.template.model import Path, Span
from stackproof.template.references import has_token

MAX_DEPTH = 100  # far beyond any template
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
FUNCTIONS = frozenset(
    {
        *("Base64", "Cidr", "FindInMap", "GetAZs", "GetAtt", "If", "ImportValue", "Join", "Select", "Split", "Sub"),
        *("Transform", "And", "Equals", "Not", "Or", "Length", "ToJsonString", "Contains", "EachMemberEquals"),
        *("EachMemberIn", "RefAll", "ValueOf", "ValueOfAll"),
    }
)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is there: five times as fast
_RESOLVERS = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":merge"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_YAML = "tag:yaml.org,2002:"
_SCALARS = {f"{_YAML}{name}" for name in ("str", "int", "float", "bool", "null")}
_CONSTRUCT = yaml.SafeLoader("")
_NO_KEY = object()


@dataclass(kw_only=True)
class _Open:
    """A collection that is being filled. `wrap` is the function that it is the argument of."""

    value: Any
    path: Path
    wrap: str | None
    key: Any = _NO_KEY
    seen: dict[str, Span] = field(default_factory=dict)


def parse(text: str) -> tuple[Any, dict[Path, Span]]:
    """The data of a YAML or JSON document, and where each of its values stands (the key of an entry, else the value).

    Raises: TemplateError that names the line.
    """
    is_json = text.lstrip("\ufeff \t\r\n").startswith("{")
    try:
        data, spans = _Builder().build(_PAIR.sub(_character, text.replace("\t", " ")) if is_json else text)
    except yaml.YAMLError as error:
        raise TemplateError(f"not YAML: {' '.join(str(error).split())}") from None
    return (_json(text) if is_json else data), spans


def _json(text: str) -> Any:
    """JSON's own reading of its escapes and numbers; flow YAML in braces that is no JSON is left to YAML's."""
    try:
        return json.loads(text.lstrip("\ufeff"), parse_constant=_no_constant)
    except ValueError:
        return _Builder().build(text)[0]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _character(found: re.Match[str]) -> str:
    """JSON writes a character beyond U+FFFF as two escapes, YAML as one: as wide, so that columns hold."""
    high, low = int(found[2], 16), int(found[3], 16)
    return f"{found[1]}\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08X}  "


class _Builder:
    def __init__(self) -> None:
        self.spans: dict[Path, Span] = {}
        self._stack: list[_Open] = []
        self._root: Any = _NO_KEY

    def build(self, text: str) -> tuple[Any, dict[Path, Span]]:
        for event in yaml.parse(text, Loader=_LOADER):
            match event:
                case ScalarEvent():
                    self._scalar(event)
                case MappingStartEvent() | SequenceStartEvent():
                    self._start(event)
                case CollectionEndEvent():
                    self._end()
                case AliasEvent():
                    raise TemplateError(f"{_where(event)}: YAML alias *{str(event.anchor)[:40]}: write the value out.")
                case _:
                    continue
        return (None if self._root is _NO_KEY else self._root), self.spans

    def _scalar(self, event: ScalarEvent) -> None:
        if has_token(event.value):
            raise TemplateError(f"{_where(event)}: U+E100 and U+E101 are private characters with no meaning here.")
        wrap = _function(event)
        value = event.value if wrap else _scalar_value(event)
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.value, dict) and top.key is _NO_KEY:
            self._key(top, value, event)
            return
        self._place(event)
        if wrap == "GetAtt":
            value = value.split(".", 1)
        self._put({_long(wrap): value} if wrap else value)

    def _start(self, event: Any) -> None:
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.value, dict) and top.key is _NO_KEY:
            raise TemplateError(f"{_where(event)}: a key must be a plain text.")
        path = self._place(event)
        wrap = _function(event)
        value: Any = {} if isinstance(event, MappingStartEvent) else []
        self._stack.append(_Open(value=value, path=(*path, _long(wrap)) if wrap else path, wrap=wrap))
        if len(self._stack) > MAX_DEPTH:
            raise TemplateError(f"{_where(event)}: nested more than {MAX_DEPTH} levels deep.")

    def _end(self) -> None:
        done = self._stack.pop()
        self._put({_long(done.wrap): done.value} if done.wrap else done.value)

    def _key(self, top: _Open, key: Any, event: ScalarEvent) -> None:
        if not isinstance(key, str | int | float):
            raise TemplateError(f"{_where(event)}: a key must be a plain text, not {_short(str(key))}.")
        if event.value == "<<" and event.implicit[0]:
            raise TemplateError(f"{_where(event)}: YAML merge key <<: write the entries out.")
        name = event.value if isinstance(key, bool | float) else str(key)
        span = _span(event)
        if name in top.seen:
            first = top.seen[name]
            raise TemplateError(
                f"{_where(event)}: the key {_short(name)} stands twice "
                f"(first at line {first.line}, column {first.column})."
            )
        top.seen[name] = span
        top.key = name
        self.spans[(*top.path, name)] = span

    def _path(self) -> Path:
        if not self._stack:
            return ()
        top = self._stack[-1]
        return (*top.path, top.key if isinstance(top.value, dict) else len(top.value))

    def _place(self, event: Event) -> Path:
        path = self._path()
        self.spans.setdefault(path, _span(event))
        return path

    def _put(self, value: Any) -> None:
        if not self._stack:
            if self._root is not _NO_KEY:
                raise TemplateError("there is more than one document in the file.")
            self._root = value
            return
        top = self._stack[-1]
        if isinstance(top.value, dict):
            top.value[top.key] = value
            top.key = _NO_KEY
        else:
            top.value.append(value)


def _long(name: str | None) -> str:
    return str(name) if name in ("Ref", "Condition") else f"Fn::{name}"


def _function(event: Any) -> str | None:
    """The function of a short tag, None without a tag.

    Raises: TemplateError for a tag that CloudFormation does not know.
    """
    tag = event.tag
    if tag is None or tag in ("!", f"{_YAML}map", f"{_YAML}seq") or tag in _SCALARS:
        return None
    name = str(tag).removeprefix("!")
    if not tag.startswith("!") or name not in FUNCTIONS | {"Ref", "Condition"}:
        shown = f"!!{tag.removeprefix(_YAML)}" if tag.startswith(_YAML) else tag
        raise TemplateError(f"{_where(event)}: unknown tag {shown[:80]}.")
    return name


def _scalar_value(event: ScalarEvent) -> Any:
    tag, text = event.tag, event.value
    if tag is None or tag == "!":
        tag = _implicit(text) if event.implicit[0] and tag is None else f"{_YAML}str"
    if tag == f"{_YAML}str":
        return text
    try:
        value = _CONSTRUCT.construct_object(yaml.ScalarNode(tag, text))
        return text if isinstance(value, float) and not math.isfinite(value) else value
    except (yaml.YAMLError, ValueError, LookupError):
        raise TemplateError(f"{_where(event)}: {_short(text)} is no {tag.removeprefix(_YAML)}.") from None


def _implicit(text: str) -> str:
    for tag, pattern in (*_RESOLVERS.get(text[:1], ()), *_RESOLVERS.get(None, ())):
        if pattern.match(text):
            return str(tag)
    return f"{_YAML}str"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def _span(event: Any) -> Span:
    return Span(line=event.start_mark.line + 1, column=event.start_mark.column + 1)


def _where(event: Any) -> str:
    return f"line {event.start_mark.line + 1}, column {event.start_mark.column + 1}"
