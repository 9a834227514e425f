"""Whether a value of a template is a secret that whoever sees the template or the deployed resource can read."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.engines.cfnlint.secrets.names import says_about, says_secret
from stackproof.engines.cfnlint.secrets.parameters import Parameter, parameters
from stackproof.engines.cfnlint.secrets.settings import settings
from stackproof.engines.cfnlint.secrets.shapes import RESOLVED, decoded, is_key, is_secret, known, literal
from stackproof.engines.cfnlint.secrets.values import Path, Source, Text, function, texts

Json = Any

# Attributes that are secrets, from the read-only properties of the resource schemas.
_SECRET_ATTRIBUTES = frozenset(
    {
        ("AWS::IAM::AccessKey", "SecretAccessKey"),
        ("AWS::Cognito::UserPoolClient", "ClientSecret"),
        ("AWS::AppSync::ApiKey", "ApiKey"),
        ("AWS::IVS::IngestConfiguration", "StreamKey"),
        ("AWS::IVS::StreamKey", "Value"),
        ("AWS::ManagedBlockchain::Accessor", "BillingToken"),
        ("AWS::EC2::IpamExternalResourceVerificationToken", "TokenValue"),
    }
)
# Resources whose attributes are of any name: what they return is known by its name alone.
_OPEN_TYPES = ("Custom::", "AWS::CloudFormation::CustomResource", "AWS::CloudFormation::Stack")
_STORED_PLAIN = re.compile(r"\{\{\s*resolve:ssm:(?P<name>(?:\$\{[^}]*\}|[^{}:])*)")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A secret at a place. The message does not hold it."""

    path: Path
    message: str


class Judge:
    """Judges values of one template under one environment."""

    def __init__(self, cfn: Any) -> None:
        template = cfn.template
        self.parameters = parameters(template, _given(cfn))
        mappings = template.get("Mappings")
        self._mappings: Mapping[str, Json] = mappings if isinstance(mappings, dict) else {}
        resources = template.get("Resources")
        self._types = {
            str(name): str(body.get("Type"))
            for name, body in (resources.items() if isinstance(resources, dict) else ())
            if isinstance(body, dict)
        }

    def value(self, name: str, value: Json, path: Path) -> Iterator[Fault]:
        """The faults of a value that stands under a name (of a variable, an option, a key; "" for a free text)."""
        seen: set[Fault] = set()
        for text in texts(value, path, self._mappings):
            for fault in self._text(name, text):
                if fault not in seen:
                    seen.add(fault)
                    yield fault
                break  # one fault a text: the same secret often shows in several ways

    def tree(self, name: str, value: Json, path: Path) -> Iterator[Fault]:
        """The faults of a value with all that is below it; keys are names."""
        if isinstance(value, dict):
            taken = function(value)
            if taken == "Fn::If" and isinstance(value[taken], list):
                for index, branch in enumerate(value[taken][1:], start=1):
                    yield from self.tree(name, branch, (*path, taken, index))
            elif taken == "Fn::ToJsonString":
                yield from self.tree(name, value[taken], (*path, taken))
            elif taken is not None:
                yield from self.value(name, value, path)
            else:
                for key, item in value.items():
                    yield from self.tree(str(key), item, (*path, key))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.tree(name, item, (*path, index))
        else:
            yield from self.value(name, value, path)

    def words(self, value: Json, path: Path) -> Iterator[Fault]:
        """The faults of a command given as a list of words, where an option and its value may be two."""
        if not isinstance(value, list):
            yield from self.tree("", value, path)
            return
        found = [fault for index, item in enumerate(value) for fault in self.tree("", item, (*path, index))]
        yield from found
        if not found:
            joined = {"Fn::Join": [" ", [item for item in value if isinstance(item, str | dict)]]}
            for fault in self.value("", joined, ()):
                yield Fault(path=path, message=fault.message)
                break

    def _text(self, name: str, text: Text) -> Iterator[Fault]:
        for message in self._messages(name, text):
            yield Fault(path=text.path, message=message)

    def _messages(self, name: str, text: Text) -> Iterator[str]:
        label = name or "The text"
        for content in (RESOLVED.sub("${resolved}", one) for one in (decoded(text.text), text.text) if one):
            yield from self._shapes(label, content, text.sources)
            for key, value in settings(content):
                yield from self._under(key, value, text.sources, f"{label} gives {key}" if name != key else name)
        for source in text.sources:
            if (what := self._shown(source)) is not None:
                yield f"{label} takes {what}."
        if name and says_secret(name):
            yield from self._under(name, text.text, text.sources, name)
        elif is_key(name, text.text):
            yield f"{label} holds what looks like a key, in clear text."
        yield from self._stored(label, name, text.text)

    def _shapes(self, label: str, content: str, sources: tuple[Source, ...]) -> Iterator[str]:
        for hit in known(content):
            if literal(hit.secret):
                yield f"{label} holds {hit.kind}, in clear text."
            else:
                yield from self._taken(label, hit.secret, sources)

    def _under(self, name: str, value: str, sources: tuple[Source, ...], label: str) -> Iterator[str]:
        """A value under a name that says secret."""
        if is_secret(name, value):
            yield f"{label} {'holds a secret' if label == name else 'its secret'}, in clear text."
        elif not literal(value):
            yield from self._taken(label, value, sources)

    def _taken(self, label: str, value: str, sources: tuple[Source, ...]) -> Iterator[str]:
        """A secret that consists of placeholders: what they stand for must not be shown elsewhere."""
        for source in sources:
            if source.placeholder not in value:
                continue
            parameter = self.parameters.get(source.name) if source.kind == "ref" else None
            if parameter is not None and not parameter.no_echo and not parameter.harmless:
                yield f"{label} takes the parameter {parameter.name}, which is shown: it has no NoEcho."
            elif source.kind == "import" and not says_about(source.name):
                yield f"{label} takes an export of another stack, and exports are shown in clear text."

    def _shown(self, source: Source) -> str | None:
        """What of a source is a secret whatever it is used for, None when it is none."""
        if source.kind == "ref":
            parameter: Parameter | None = self.parameters.get(source.name)
            if parameter is not None and parameter.holds_secret and not parameter.no_echo:
                return f"the parameter {parameter.name}, which is shown: it has no NoEcho"
        elif source.kind == "attribute":
            kind = self._types.get(source.name, "")
            named = kind.startswith(_OPEN_TYPES) and says_secret(source.attribute)
            if (kind, source.attribute) in _SECRET_ATTRIBUTES or named:
                return f"{source.attribute} of {source.name} in clear text"
        return None

    def _stored(self, label: str, name: str, text: str) -> Iterator[str]:
        for found in _STORED_PLAIN.finditer(text):
            stored = found["name"].rstrip("/").rpartition("/")[2]
            if says_secret(stored) or (says_secret(name) and not says_about(stored)):
                yield f"{label} takes a secret from a plain parameter of Parameter Store, which is not encrypted."


def _given(cfn: Any) -> dict[str, Json]:
    given: dict[str, Json] = {}
    for chosen in cfn.context.parameter_sets or ():
        given.update(chosen.parameters)
    return given
