"""The template's parameters, as far as secrets are concerned."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.engines.cfnlint.secrets.names import says_about, says_secret
from stackproof.engines.cfnlint.secrets.shapes import is_secret

Json = Any

_STORED = "AWS::SSM::Parameter::Value<"


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter. `declared` are the values that the template gives it, each with its place in the declaration;
    `given` are those of the environment."""

    name: str
    kind: str
    no_echo: bool
    declared: tuple[tuple[tuple[str | int, ...], str], ...]
    given: tuple[str, ...]

    @property
    def can_hold_secret(self) -> bool:
        """Whether its type takes any text: identifiers of AWS are none, nor are names of stored parameters."""
        return not self.kind.startswith(("AWS::", "List<AWS::")) or self.stored

    @property
    def stored(self) -> bool:
        """Whether CloudFormation reads its value from Parameter Store, where it is no SecureString."""
        return self.kind.startswith(_STORED) and "AWS::EC2::" not in self.kind

    @property
    def holds_secret(self) -> bool:
        """Whether its name says that it holds a secret, and no value that is known says that it does not."""
        return says_secret(self.name) and not self.harmless

    @property
    def harmless(self) -> bool:
        """Whether it holds no secret, for certain: by its type, its name, or as all values that are known are none."""
        if not self.can_hold_secret or says_about(self.name):
            return True
        values = [*self.given, *(value for _, value in self.declared)]
        return not self.stored and any(values) and not any(is_secret(self.name, value) for value in values if value)


def parameters(template: Mapping[str, Json], given: Mapping[str, Json]) -> dict[str, Parameter]:
    """The parameters of a template by name; `given` are the environment's values."""
    section = template.get("Parameters")
    if not isinstance(section, dict):
        return {}
    return {str(name): _parameter(str(name), body, given) for name, body in section.items() if isinstance(body, dict)}


def _parameter(name: str, body: Mapping[str, Json], given: Mapping[str, Json]) -> Parameter:
    value = given.get(name)
    return Parameter(
        name=name,
        kind=str(body.get("Type", "String")),
        no_echo=str(body.get("NoEcho", False)).lower() == "true",
        declared=tuple(_declared(body)),
        given=tuple(str(item) for item in (value if isinstance(value, list) else [value]) if value is not None),
    )


def _declared(body: Mapping[str, Json]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if "Default" in body and not isinstance(body["Default"], bool | list | dict):
        yield ("Default",), str(body["Default"])
    allowed = body.get("AllowedValues")
    for index, value in enumerate(allowed if isinstance(allowed, list) else []):
        if isinstance(value, str | int):
            yield ("AllowedValues", index), str(value)
