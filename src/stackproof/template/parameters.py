"""The values of a template's parameters, checked as CloudFormation checks them."""

import re
from collections.abc import Mapping
from typing import Any

import regex

from stackproof.template.errors import TemplateError
from stackproof.template.references import has_token

_LIST = re.compile(r"List<(.+)>$")
_PLAIN = re.compile(r"String|Number|CommaDelimitedList|List<(Number|String|AWS::[\w:]+)>|AWS::(?!SSM)[\w:]+$")
_MAX_BYTES = 4096  # CloudFormation quotas, parameter values
_PATIENCE = 1.0  # seconds; a pattern can be made to take for ever
_SSM = "AWS::SSM::Parameter::Value<"


def values(declared: Mapping[str, Mapping[str, Any]], given: Mapping[str, str]) -> dict[str, Any]:
    """The value of every parameter: texts, or lists of texts for the list types.

    Raises: TemplateError naming the parameter, its value and what is allowed.
    """
    if unknown := sorted(set(given) - set(declared)):
        raise TemplateError(f"The template has no parameter {unknown[0]}; it has {', '.join(sorted(declared))}.")
    return {name: _value(name, body, given) for name, body in declared.items()}


def _value(name: str, body: Mapping[str, Any], given: Mapping[str, str]) -> Any:
    kind = str(body.get("Type", ""))
    if name in given:
        raw = given[name]
    elif kind.startswith(_SSM):
        raise TemplateError(
            f"Parameter {name} is read from Systems Manager ({kind}); give it the value that stands there."
        )
    elif "Default" in body:
        raw = body["Default"]
    else:
        raise TemplateError(f"Parameter {name} has no value and no default.")
    if kind.startswith(_SSM):
        kind = kind.removeprefix(_SSM).removesuffix(">")
    if not _PLAIN.match(kind):
        raise TemplateError(f"Parameter {name}: unknown type {kind!r}.")
    text = _text(raw)
    if len(text.encode("utf-8", "replace")) > _MAX_BYTES:
        raise TemplateError(f"Parameter {name}: its value is over {_MAX_BYTES} bytes, more than CloudFormation takes.")
    if has_token(text):
        raise TemplateError(f"Parameter {name}: U+E100 and U+E101 are private characters with no meaning here.")
    parts = [p.strip() for p in text.split(",")] if kind == "CommaDelimitedList" or _LIST.match(kind) else None
    for part in parts if parts is not None else [text]:
        _check(name, body, kind, part)
    return text if parts is None else parts


def _text(raw: Any) -> str:
    return str(raw).lower() if isinstance(raw, bool) else str(raw)


def _matches(name: str, pattern: str, text: str) -> bool:
    try:
        return regex.fullmatch(pattern, text, timeout=_PATIENCE) is not None
    except regex.error as error:
        raise TemplateError(f"Parameter {name}: AllowedPattern can't be read: {error}.") from None
    except TimeoutError:
        raise TemplateError(f"Parameter {name}: AllowedPattern takes too long to match; write it simpler.") from None


def _check(name: str, body: Mapping[str, Any], kind: str, text: str) -> None:
    shown = "****" if str(body.get("NoEcho", "")).lower() == "true" else repr(text)

    def wrong(rule: str) -> TemplateError:
        explained = f" {body['ConstraintDescription']}" if "ConstraintDescription" in body else ""
        return TemplateError(f"Parameter {name}: {shown} is not allowed: {rule}.{explained}")

    allowed = [_text(v) for v in body.get("AllowedValues", [])]
    if "AllowedValues" in body and text not in allowed:
        raise wrong(f"it must be one of {', '.join(allowed)}")
    if "AllowedPattern" in body and not _matches(name, str(body["AllowedPattern"]), text):
        raise wrong(f"it must match {body['AllowedPattern']}")
    if "MinLength" in body and len(text) < int(body["MinLength"]):
        raise wrong(f"it must have at least {body['MinLength']} characters")
    if "MaxLength" in body and len(text) > int(body["MaxLength"]):
        raise wrong(f"it must have at most {body['MaxLength']} characters")
    if kind not in ("Number", "List<Number>"):
        return
    try:
        number = float(text)
    except ValueError:
        raise wrong("it must be a number") from None
    if "MinValue" in body and number < float(body["MinValue"]):
        raise wrong(f"it must be at least {body['MinValue']}")
    if "MaxValue" in body and number > float(body["MaxValue"]):
        raise wrong(f"it must be at most {body['MaxValue']}")
