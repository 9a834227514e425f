"""The texts that a value of a template can become, seen through intrinsic functions.

What a function puts into a text stands there as a placeholder, `${kind:name}`, with its `Source` beside it. Both
branches of a condition count: a secret is in the template, whichever branch is taken.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Any
Path = tuple[str | int, ...]

_VARIABLE = re.compile(r"\$\{(?P<literal>!)?\s*(?P<name>[^}]*?)\s*\}")


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a placeholder's value comes from. `kind` is ref, attribute, import or other; `name` is the logical id or
    the name of the export, `attribute` that of an attribute."""

    kind: str
    name: str = ""
    attribute: str = ""

    @property
    def placeholder(self) -> str:
        """How it stands in a text."""
        return f"${{{self.kind}:{self.name}{'.' if self.attribute else ''}{self.attribute}}}"


@dataclass(frozen=True, kw_only=True)
class Text:
    """A text that a value can become, where it stands, and what its placeholders stand for."""

    path: Path
    text: str
    sources: tuple[Source, ...] = ()


_OTHER = Source(kind="other")


def texts(value: Json, path: Path, mappings: Mapping[str, Json]) -> Iterator[Text]:
    """Every text that `value`, which stands at `path`, can become. `mappings` is the template's section."""
    if isinstance(value, str):
        yield Text(path=path, text=value)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, (*path, index), mappings)
    elif isinstance(value, dict):
        if (name := function(value)) is not None:
            yield from _of_function(name, value[name], (*path, name), mappings)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield Text(path=path, text=str(value))


def function(value: Json) -> str | None:
    """The intrinsic function that a value is, None for anything else."""
    if isinstance(value, dict) and len(value) == 1:
        name = next(iter(value))
        if isinstance(name, str) and (name == "Ref" or name.startswith("Fn::")):
            return str(name)
    return None


def _of_function(name: str, argument: Json, path: Path, mappings: Mapping[str, Json]) -> Iterator[Text]:
    match name, argument:
        case "Ref", str():
            yield _placeholder(path, Source(kind="ref", name=argument))
        case "Fn::GetAtt", str():
            resource, _, attribute = argument.partition(".")
            yield _placeholder(path, Source(kind="attribute", name=resource, attribute=attribute))
        case "Fn::GetAtt", [str(), *rest]:
            attribute = ".".join(part for part in rest if isinstance(part, str))
            yield _placeholder(path, Source(kind="attribute", name=argument[0], attribute=attribute))
        case "Fn::ImportValue", _:
            for text in texts(argument, path, mappings):
                yield _placeholder(path, Source(kind="import", name=text.text))
        case "Fn::If", [_, then, otherwise]:
            yield from texts(then, (*path, 1), mappings)
            yield from texts(otherwise, (*path, 2), mappings)
        case "Fn::Sub", str():
            yield from _substitute(argument, {}, path, mappings)
        case "Fn::Sub", [str() as template, dict() as variables]:
            yield from _substitute(template, variables, path, mappings)
        case "Fn::Join", [str() as delimiter, list() as items]:
            parts = [list(texts(item, (*path, 1, i), mappings)) for i, item in enumerate(items)]
            yield from _combine(parts, delimiter, path)
        case "Fn::Base64", _:
            yield from texts(argument, path, mappings)
        case (("Fn::Join" | "Fn::Select" | "Fn::Split"), [_, rest]):
            yield from texts(rest, (*path, 1), mappings)
        case "Fn::FindInMap", [_, _, _, *default]:
            for found in _found_in_map(argument, mappings):
                yield from texts(found, path, {})
            for option in default:
                if isinstance(option, dict) and "DefaultValue" in option:
                    yield from texts(option["DefaultValue"], (*path, 3, "DefaultValue"), mappings)
        case _:
            yield _placeholder(path, _OTHER)


def _placeholder(path: Path, source: Source) -> Text:
    return Text(path=path, text=source.placeholder, sources=(source,))


def _substitute(
    template: str, variables: Mapping[str, Json], path: Path, mappings: Mapping[str, Json]
) -> Iterator[Text]:
    parts: list[list[Text]] = []
    end = 0
    for found in _VARIABLE.finditer(template):
        parts.append([Text(path=path, text=template[end : found.start()])])
        end = found.end()
        name = found["name"]
        if found["literal"]:
            parts.append([Text(path=path, text=f"${{{name}}}")])
        elif name in variables:
            parts.append(list(texts(variables[name], (*path, 1, name), mappings)))
        else:
            resource, _, attribute = name.partition(".")
            kind = "attribute" if attribute else "ref"
            parts.append([_placeholder(path, Source(kind=kind, name=resource, attribute=attribute))])
    parts.append([Text(path=path, text=template[end:])])
    yield from _combine(parts, "", path)


def _combine(parts: Sequence[Sequence[Text]], delimiter: str, path: Path) -> Iterator[Text]:
    """The parts as one text; where a part can be several, each of them once, the others being their first."""
    first = [options[0] if options else _placeholder(path, _OTHER) for options in parts]
    yield _joined(first, delimiter, path)
    for index, options in enumerate(parts):
        for option in options[1:]:
            yield _joined([*first[:index], option, *first[index + 1 :]], delimiter, path)


def _joined(parts: Sequence[Text], delimiter: str, path: Path) -> Text:
    sources = tuple(source for part in parts for source in part.sources)
    return Text(path=path, text=delimiter.join(part.text for part in parts), sources=sources)


def _found_in_map(argument: Sequence[Json], mappings: Mapping[str, Json]) -> Iterator[Json]:
    """All values that the look-up can give: a key that is not a literal stands for every key."""
    found: list[Json] = [mappings]
    for key in argument[:3]:
        maps = [level for level in found if isinstance(level, dict)]
        if isinstance(key, str):
            found = [level[key] for level in maps if key in level]
        else:
            found = [item for level in maps for item in level.values()]
    yield from found
