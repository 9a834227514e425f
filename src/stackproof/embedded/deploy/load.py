"""Read a CloudFormation template: YAML (or JSON) with the short tags, written out in long form."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from stackproof.embedded.deploy.model import Declared, Template, TemplateError

MAX_BYTES = 1_000_000  # CloudFormation quotas: a template in S3; inline only 51,200 bytes
MAX_RESOURCES = 500  # CloudFormation quotas
MAX_PARAMETERS = MAX_OUTPUTS = MAX_MAPPINGS = 200  # CloudFormation quotas
_SECTIONS = {
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions"),
    *("Transform", "Resources", "Outputs"),
}
_ATTRIBUTES = {"Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"}
_POLICIES = {"Delete", "Retain", "RetainExceptOnCreate"}  # no type here takes snapshots
_FUNCTIONS = {
    *("Base64", "Cidr", "FindInMap", "GetAZs", "GetAtt", "If", "ImportValue", "Join", "Select", "Split", "Sub"),
    *("Transform", "And", "Equals", "Not", "Or", "Length", "ToJsonString", "Contains", "EachMemberEquals"),
    *("EachMemberIn", "RefAll", "ValueOf", "ValueOfAll"),
}


_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is there: five times as fast
_MAX_DEPTH = 100  # far beyond any template; libyaml's composer itself has no bound


class _Loader(_Base):  # type: ignore[misc]
    """Safe loading, plus CloudFormation's tags, minus what CloudFormation does not take."""

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: dict[Any, Any] = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int | float | bool):
                raise TemplateError(f"{_where(key_node)}: a key must be a plain text, not {key!r}.")
            if key in seen:
                raise TemplateError(f"{_where(key_node)}: the key {key!r} stands twice (first at {seen[key]}).")
            seen[key] = _where(key_node)
        return {str(k): v for k, v in super().construct_mapping(node, deep=True).items()}


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":merge"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _where(node: Any) -> str:
    return f"line {node.start_mark.line + 1}, column {node.start_mark.column + 1}"


def _tagged(loader: _Loader, suffix: str, node: Node) -> dict[str, Any]:
    if suffix not in _FUNCTIONS | {"Ref", "Condition"}:
        raise TemplateError(f"{_where(node)}: unknown tag !{suffix}.")
    value: Any
    match node:
        case ScalarNode():
            value = loader.construct_scalar(node)
        case SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _tagged)


def load(path: Path) -> Template:
    """Read the template at `path`.

    Raises: TemplateError when it is missing, no template, or over CloudFormation's limits.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise TemplateError(f"{path}: cannot be read as a template: {reason}.") from error
    if len(data) > MAX_BYTES:
        raise TemplateError(f"{path}: {len(data)} bytes; CloudFormation takes at most {MAX_BYTES}, from S3.")
    return parse(text, path)


def parse(text: str, path: Path) -> Template:
    """The template in `text`; `path` is named in errors and is where relative code paths start."""
    try:
        _refuse_bombs(text)
        document = yaml.load(text, Loader=_Loader)
        return _template(document, path)
    except TemplateError as error:
        raise TemplateError(f"{path}: {error}") from None
    except yaml.YAMLError as error:
        raise TemplateError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    except (RecursionError, ValueError) as error:
        raise TemplateError(f"{path}: cannot be read as a template: {error}") from None


def _refuse_bombs(text: str) -> None:
    """CloudFormation takes no aliases (a few lines of them can stand for gigabytes); nesting is bounded."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, AliasEvent):
            raise TemplateError(f"{_where(event)}: YAML alias *{event.anchor}: write the value out.")
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise TemplateError(f"{_where(event)}: nested more than {_MAX_DEPTH} levels deep.")


def _template(document: Any, path: Path) -> Template:
    sections = _mapping(document, "the template")
    if unknown := sorted(set(sections) - _SECTIONS):
        raise TemplateError(f"unknown section {unknown[0]}; known are {', '.join(sorted(_SECTIONS))}.")
    if sections.get("AWSTemplateFormatVersion", "2010-09-09") != "2010-09-09":
        raise TemplateError("AWSTemplateFormatVersion must be '2010-09-09'.")
    resources = _section(sections, "Resources", MAX_RESOURCES)
    if not resources:
        raise TemplateError("no Resources: CloudFormation needs at least one.")
    return Template(
        path=path,
        parameters={k: _mapping(v, f"parameter {k}") for k, v in _section(sections, "Parameters", 200).items()},
        mappings=_section(sections, "Mappings", MAX_MAPPINGS),
        conditions=_section(sections, "Conditions", None),
        rules=_section(sections, "Rules", None),
        resources={name: _resource(name, value) for name, value in resources.items()},
        outputs={k: _mapping(v, f"output {k}") for k, v in _section(sections, "Outputs", MAX_OUTPUTS).items()},
        language_extensions=_transform(sections.get("Transform", [])),
    )


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TemplateError(f"{what} must be a mapping, not {type(value).__name__}.")
    return value


def _section(sections: Mapping[str, Any], name: str, limit: int | None) -> dict[str, Any]:
    section = _mapping(sections.get(name, {}), name)
    if limit is not None and len(section) > limit:
        raise TemplateError(f"{name}: {len(section)} entries; CloudFormation takes at most {limit}.")
    return section


def _transform(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    if unknown := [name for name in names if name != "AWS::LanguageExtensions"]:
        raise TemplateError(f"Transform {unknown[0]!r} is not emulated; only AWS::LanguageExtensions is.")
    return bool(names)


def _resource(name: str, value: Any) -> Declared:
    body = _mapping(value, f"resource {name}")
    if not name.isalnum() or not name.isascii():
        raise TemplateError(f"resource {name}: a logical id has letters and digits only.")
    if unknown := sorted(set(body) - _ATTRIBUTES):
        raise TemplateError(f"resource {name}: the attribute {unknown[0]} is not emulated or unknown.")
    if not isinstance(body.get("Type"), str):
        raise TemplateError(f"resource {name}: Type is missing.")
    depends = body.get("DependsOn", [])
    policies = [body.get(key, "Delete") for key in ("DeletionPolicy", "UpdateReplacePolicy")]
    for policy in policies:
        if policy not in _POLICIES:
            raise TemplateError(f"resource {name}: the policy {policy!r} is none of {', '.join(sorted(_POLICIES))}.")
    return Declared(
        logical_id=name,
        type=body["Type"],
        properties=_mapping(body.get("Properties", {}), f"resource {name}: Properties"),
        depends_on=tuple(depends) if isinstance(depends, list) else (depends,),
        condition=body.get("Condition"),
        deletion_policy=policies[0],
        update_replace_policy=policies[1],
    )
