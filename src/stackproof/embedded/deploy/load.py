"""Read a CloudFormation template: YAML (or JSON) with the short tags, written out in long form."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stackproof.embedded.deploy.model import Declared, Template, TemplateError
from stackproof.template.document import parse as document
from stackproof.template.read import read_text

MAX_RESOURCES = 500  # CloudFormation quotas
MAX_PARAMETERS = MAX_OUTPUTS = MAX_MAPPINGS = 200  # CloudFormation quotas
_SECTIONS = {
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions"),
    *("Transform", "Resources", "Outputs"),
}
_ATTRIBUTES = {"Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"}
_POLICIES = {"Delete", "Retain", "RetainExceptOnCreate"}  # no type here takes snapshots


def load(path: Path) -> Template:
    """Read the template at `path`.

    Raises: TemplateError when it is missing, no template, or over CloudFormation's limits.
    """
    return parse(read_text(path), path)


def parse(text: str, path: Path) -> Template:
    """The template in `text`; `path` is named in errors and is where relative code paths start."""
    try:
        return _template(document(text)[0], path)
    except TemplateError as error:
        raise TemplateError(f"{path}: {error}") from None
    except (RecursionError, ValueError) as error:
        raise TemplateError(f"{path}: cannot be read as a template: {error}") from None


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
