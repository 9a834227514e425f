"""The faults of parameters that hold secrets: shown, or with their value in the template or the environment's file."""

from collections.abc import Iterator, Mapping
from typing import Any

from stackproof.engines.cfnlint.secrets.judge import Fault
from stackproof.engines.cfnlint.secrets.names import says_secret, words
from stackproof.engines.cfnlint.secrets.parameters import Parameter
from stackproof.engines.cfnlint.secrets.shapes import is_secret, known, literal
from stackproof.engines.cfnlint.secrets.values import Path, function

Json = Any

# Judged by other rules, or no properties of AWS's: what a name says there is not what the schema means.
_NOT_PROPERTIES = frozenset(
    "Environment Env EnvironmentVariables RuntimeEnvironmentVariables Variables UserData Parameters Tags".split()
)


def faults(cfn: Any, parameters: Mapping[str, Parameter]) -> Iterator[Fault]:
    """The faults of all parameters."""
    uses = _uses(cfn.template.get("Resources"))
    for parameter in parameters.values():
        path: Path = ("Parameters", parameter.name)
        yield from _shown(cfn, parameter, uses.get(parameter.name), path)
        for place, value in parameter.declared:
            if (what := _secret(parameter, value)) is not None:
                yield Fault(path=(*path, *place), message=f"The template holds {what} of parameter {parameter.name}.")
        for value in parameter.given:
            if (what := _secret(parameter, value)) is not None:
                yield Fault(
                    path=path,
                    message=f"The environment's file holds {what} of parameter {parameter.name} in clear text.",
                )


def _shown(cfn: Any, parameter: Parameter, use: str | None, path: Path) -> Iterator[Fault]:
    if parameter.no_echo:
        return
    place = (*path, "NoEcho") if "NoEcho" in cfn.template["Parameters"][parameter.name] else path
    if parameter.holds_secret:
        yield Fault(path=place, message=f"Parameter {parameter.name} holds a secret and is shown: it has no NoEcho.")
    elif use is not None and not parameter.harmless:
        message = f"Parameter {parameter.name} is used as {use}, a secret, and is shown: it has no NoEcho."
        yield Fault(path=place, message=message)


def _secret(parameter: Parameter, value: str) -> str | None:
    """What secret a value of the parameter is, None when it is none."""
    for hit in known(value):
        if literal(hit.secret):
            return hit.kind
    if parameter.can_hold_secret and not parameter.stored and says_secret(parameter.name):
        return "the secret value" if is_secret(parameter.name, value) else None
    return None


def _uses(resources: Json) -> dict[str, str]:
    """The parameters that stand alone in a property whose name says secret, with the name of the property."""
    found: dict[str, str] = {}
    for name, body in resources.items() if isinstance(resources, dict) else ():
        if isinstance(body, dict):
            for parameter, key in _used("", body.get("Properties")):
                found.setdefault(parameter, f"{key} of {name}")
    return found


def _used(key: str, value: Json) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _used(key, item)
    elif isinstance(value, dict):
        taken = function(value)
        if taken == "Ref" and isinstance(value[taken], str):
            if says_secret(key) and not {"credential", "credentials"}.intersection(words(key)):
                yield value[taken], key
        elif taken == "Fn::If" and isinstance(value[taken], list):
            yield from _used(key, value[taken][1:])
        elif taken is None:
            for name, item in value.items():
                if name not in _NOT_PROPERTIES:
                    yield from _used(str(name), item)
