"""SAM templates (`Transform: AWS::Serverless-2016-10-31`) in plain resources, by AWS's own translator, offline.

The translator takes a second to import, so it is imported when a template needs it. It wants code that is packaged:
local paths are replaced for it and put back. What it makes of a resource keeps that resource's place in the file, so
that findings point to the line that the user wrote."""

import copy
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from stackproof.template.errors import TemplateError
from stackproof.template.model import Parameter, Path, Source

TRANSFORM = "AWS::Serverless-2016-10-31"
_PREFIX = "AWS::Serverless::"
_REGION = "us-east-1"
_PACKAGED = "s3://packaged/code"
_IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/image@sha256:" + 64 * "0"
# What `sam package` uploads, by type: the property, and where the plain resource has it.
_LOCAL: Mapping[str, tuple[str, str]] = {
    "AWS::Serverless::Function": ("CodeUri", "Code"),
    "AWS::Serverless::LayerVersion": ("ContentUri", "Content"),
    "AWS::Serverless::StateMachine": ("DefinitionUri", "DefinitionS3Location"),
    "AWS::Serverless::Api": ("DefinitionUri", "BodyS3Location"),
    "AWS::Serverless::HttpApi": ("DefinitionUri", "BodyS3Location"),
}
# Properties that SAM calls otherwise than the plain resource.
_RENAMED: Mapping[str, tuple[str, ...]] = {
    "Code": ("CodeUri", "InlineCode", "ImageUri"),
    "Content": ("ContentUri",),
    "DeadLetterConfig": ("DeadLetterQueue",),
    "TracingConfig": ("Tracing",),
    "ManagedPolicyArns": ("Policies",),
    "KeySchema": ("PrimaryKey",),
    "AttributeDefinitions": ("PrimaryKey",),
    "AssumeRolePolicyDocument": ("AssumeRolePolicyDocument", "Policies"),
    "DestinationConfig": ("EventInvokeConfig",),
    "MaximumRetryAttempts": ("EventInvokeConfig",),
    "MaximumEventAgeInSeconds": ("EventInvokeConfig",),
}


class _Session:
    """All that the translator wants of a session with AWS."""

    region_name = _REGION


@dataclass(frozen=True, kw_only=True)
class Translated:
    """A SAM template in plain resources: `source` has them as its data, `places` where each stands in the original, and
    `renamed` where single properties do: (logical id, property) -> place."""

    source: Source
    places: Mapping[str, Path]
    renamed: Mapping[tuple[str, str], Path]


def is_sam(names: tuple[str, ...]) -> bool:
    """Whether SAM is among the transforms of a template."""
    return TRANSFORM in names


def translate(source: Source, values: Mapping[str, Parameter]) -> Translated:
    """A SAM template under an environment's values, in plain resources.

    Raises: TemplateError when it can't be translated.
    """
    if loop := next((name for name in source.data["Resources"] if name.startswith("Fn::ForEach::")), None):
        raise TemplateError(f"Resources/{loop}: loops in a SAM template can't be translated; write the resources out.")
    data = copy.deepcopy(dict(source.data))
    local = dict(_unpackaged(data))
    known = {name: value.value for name, value in values.items() if isinstance(value.value, str)}
    result = _translated(data, known)
    resources = result.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise TemplateError("nothing is left of the template after the SAM transform.")
    for name, (property_, value) in local.items():
        properties = resources.get(name, {}).get("Properties")
        if isinstance(properties, dict) and property_ in properties:
            properties[property_] = value
    places = {name: _place(source, name) for name in resources}
    renamed = {
        (name, property_): place
        for name, body in resources.items()
        for property_ in (body.get("Properties") or {})
        if (place := _property_place(source, places[name], property_))
    }
    result["Transform"] = source.data["Transform"]  # the translator takes all of them away, other macros too
    return Translated(source=replace(source, data=result), places=places, renamed=renamed)


def untranslated(source: Source) -> Iterator[tuple[Path, str]]:
    """SAM's resources in a template that does not name the transform: nothing knows what they are."""
    for name, body in source.data["Resources"].items():
        if isinstance(body, dict) and str(body.get("Type")).startswith(_PREFIX):
            yield ("Resources", name, "Type"), f"{name} is a {body['Type']}, which needs Transform: {TRANSFORM}"


@cache
def _translator() -> Any:
    try:
        from samtranslator.parser.parser import Parser
        from samtranslator.translator.translator import Translator
    except ImportError as error:
        raise TemplateError(
            f"this is a SAM template, and the translator is not there ({error}). "
            "Install: pip install 'stackproof[gate]'"
        ) from None
    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)
    return lambda: Translator(None, Parser(), boto_session=_Session())


def _translated(data: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    translator = _translator()
    from samtranslator.model.exceptions import (
        ExceptionWithMessage,
        InvalidDocumentException,
    )

    try:
        result = translator().translate(data, dict(values), get_managed_policy_map=dict)
    except InvalidDocumentException as error:
        causes = "; ".join(str(getattr(cause, "message", cause)) for cause in error.causes)
        raise TemplateError(f"the SAM transform refuses it: {causes}") from None
    except ExceptionWithMessage as error:
        raise TemplateError(f"the SAM transform refuses it: {error.message}") from None
    except (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        # The translator looks into values of any shape without asking what they are.
        kind = type(error).__name__
        raise TemplateError(f"the SAM transform can't read it ({kind}: {str(error)[:200]}).") from None
    if not isinstance(result, dict):
        raise TemplateError("the SAM transform gave no template.")
    return result


def _unpackaged(data: dict[str, Any]) -> Iterator[tuple[str, tuple[str, Any]]]:
    """Replace local paths by packaged ones: the logical ids with the plain property and the value to put back there."""
    shared = data.get("Globals") if isinstance(data.get("Globals"), dict) else {}
    for name, body in data["Resources"].items():
        kind = str(_mapping(body).get("Type"))
        properties = body.setdefault("Properties", {}) if kind in _LOCAL else None
        if not isinstance(properties, dict):
            continue
        property_, plain = _LOCAL[kind]
        common = _mapping(_mapping(shared).get(kind.removeprefix(_PREFIX)))
        value = properties.get(property_, common.get(property_))
        if properties.get("PackageType", common.get("PackageType")) == "Image":
            properties.setdefault("ImageUri", common.get("ImageUri", _IMAGE))
        elif isinstance(value, str) and not value.startswith("s3://"):
            properties[property_] = _PACKAGED
            yield name, (plain, value)
    if isinstance(shared, dict):
        for kind, (property_, _) in _LOCAL.items():
            section = shared.get(kind.removeprefix(_PREFIX))
            if isinstance(section, dict) and isinstance(section.get(property_), str):
                section.pop(property_)  # each resource has it now


def _place(source: Source, name: str) -> Path:
    """Where what became the resource `name` stands: the resource itself, else the one whose name it starts with, and of
    that the event that it comes from, else the whole section."""
    written: Mapping[str, Any] = source.data["Resources"]
    if name in written:
        return ("Resources", name)
    owner = max((one for one in written if name.startswith(one)), key=len, default=None)
    if owner is None:
        return _by_events(written)
    rest = name.removeprefix(owner)
    events = _mapping(_mapping(_mapping(written[owner]).get("Properties")).get("Events"))
    event = max((one for one in events if rest.startswith(one)), key=len, default=None)
    return ("Resources", owner) if event is None else ("Resources", owner, "Properties", "Events", event)


def _by_events(written: Mapping[str, Any]) -> Path:
    """An implicit API comes from the first function with an event that wants one."""
    for name, body in written.items():
        for event, content in _mapping(_mapping(_mapping(body).get("Properties")).get("Events")).items():
            if _mapping(content).get("Type") in ("Api", "HttpApi"):
                return ("Resources", name, "Properties", "Events", str(event))
    return ("Resources",)


def _property_place(source: Source, place: Path, property_: str) -> Path | None:
    """Where a property stands that the original calls otherwise, or that comes from Globals."""
    body: Any = source.data
    for step in place:
        body = _mapping(body).get(str(step))
    written = _mapping(_mapping(body).get("Properties"))
    for name in (property_, *_RENAMED.get(property_, ())):
        if name in written:
            return None if name == property_ else (*place, "Properties", name)
    kind = str(_mapping(body).get("Type")).removeprefix(_PREFIX)
    shared = _mapping(_mapping(source.data.get("Globals")).get(kind))
    for name in (property_, *_RENAMED.get(property_, ())):
        if name in shared:
            return ("Globals", kind, name)
    return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
