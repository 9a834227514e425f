"""A resolved template as long-form JSON, for engines that resolve nothing."""

from collections.abc import Mapping
from typing import Any

from stackproof.template.model import Resource, Template, Unknown
from stackproof.template.references import Reference, inside, substitute, whole

UNKNOWN = "<unknown: "
"""How a value that is not known starts; the reason follows. No rule may take it for a good value."""

STANDING_IN: Mapping[str, str] = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:111122223333:stack/stack/00000000-0000-0000-0000-000000000000",
    "AWS::StackName": "stack",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NotificationARNs": "arn:aws:sns:us-east-1:111122223333:stack",
}
"""Pseudo parameters have no value before a deployment; engines that want a well-formed ARN get these."""


def render(template: Template) -> dict[str, Any]:
    """The template as JSON: no parameters, conditions or mappings; references in long form."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {name: render_resource(resource) for name, resource in template.resources.items()},
    }


def render_resource(resource: Resource) -> dict[str, Any]:
    """One resource as JSON. Its Metadata is left out: it may hold suppressions, and no rule reads it there."""
    return {
        "Type": resource.type,
        **{name: value(item) for name, item in resource.attributes.items()},
        "Properties": value(resource.properties),
    }


def value(item: Any) -> Any:
    """A resolved value as JSON."""
    match item:
        case Unknown():
            return f"{UNKNOWN}{item.reason}>"
        case dict() | Mapping():
            return {name: value(child) for name, child in item.items()}
        case list():
            return [value(child) for child in item]
        case str():
            return _text(item)
        case _:
            return item


def _text(text: str) -> Any:
    reference = whole(text)
    if reference is not None and not reference.is_pseudo:
        if reference.attribute is None:
            return {"Ref": reference.target}
        return {"Fn::GetAtt": [reference.target, reference.attribute]}
    known = substitute(text, _pseudo)
    if next(inside(known), None) is None:
        return known
    return {"Fn::Sub": substitute(known.replace("${", "${!"), _variable)}


def _pseudo(reference: Reference) -> str:
    if reference.target == "AWS::AvailabilityZones":
        return f"us-east-1{'abcdef'[int(reference.attribute or 0)]}"
    return STANDING_IN.get(reference.target, reference.token) if reference.is_pseudo else reference.token


def _variable(reference: Reference) -> str:
    name = reference.target if reference.attribute is None else f"{reference.target}.{reference.attribute}"
    return f"${{{name}}}"
