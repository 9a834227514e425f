"""Where resources keep what they hand to programs: environment variables, user data, commands and job parameters."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.engines.cfnlint.secrets.judge import Fault, Judge
from stackproof.engines.cfnlint.secrets.values import Path, function

Json = Any

JOBS = frozenset({"AWS::Batch::JobDefinition", "AWS::ECS::TaskDefinition", "AWS::Glue::Job"})
_VARIABLES = frozenset({"Environment", "Env", "EnvironmentVariables", "RuntimeEnvironmentVariables", "Variables"})
_MORE_VARIABLES = frozenset({"StageVariables", "OptionSettings", "AirflowConfigurationOptions"})
_MAPS = frozenset({"Parameters", "Options", "DockerLabels", "DefaultArguments", "NonOverridableArguments"})
_WORDS = frozenset({"Command", "Args", "EntryPoint"})
_USER_DATA = frozenset({"UserData", "UserDataOverride"})
_NAMES = ("Name", "OptionName", "Variable", "Key")
_ELSEWHERE = frozenset({"SECRETS_MANAGER", "PARAMETER_STORE"})  # types of CodeBuild's variables whose value is a name
_INIT = "AWS::CloudFormation::Init"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place of a resource. `form` is variables, map, words or text; `name` is the property's."""

    resource: str
    form: str
    name: str
    value: Json
    path: Path


def environments(cfn: Any) -> Iterator[Place]:
    """The environment variables of functions and of everything else that has some, but for job definitions."""
    for name, body in _resources(cfn):
        if body.get("Type") not in JOBS:
            yield from _places(name, body, dict.fromkeys(_VARIABLES | _MORE_VARIABLES, "variables"))


def jobs(cfn: Any) -> Iterator[Place]:
    """The environment, commands, parameters and log options of job and task definitions."""
    forms = dict.fromkeys(_VARIABLES, "variables") | dict.fromkeys(_MAPS, "map") | dict.fromkeys(_WORDS, "words")
    for name, body in _resources(cfn):
        if body.get("Type") in JOBS:
            yield from _places(name, body, forms)


def user_data(cfn: Any) -> Iterator[Place]:
    """What instances get at their start: user data, and the metadata that cfn-init reads."""
    for name, body in _resources(cfn):
        yield from _places(name, body, dict.fromkeys(_USER_DATA, "text"))
        metadata = body.get("Metadata")
        if isinstance(metadata, dict) and _INIT in metadata:
            path = ("Resources", name, "Metadata", _INIT)
            yield Place(resource=name, form="map", name=_INIT, value=metadata[_INIT], path=path)


def faults(place: Place, judge: Judge) -> Iterator[Fault]:
    """The secrets in a place."""
    match place.form:
        case "variables":
            yield from _of_variables(place.value, place.path, judge)
        case "words":
            yield from judge.words(place.value, place.path)
        case "map":
            yield from judge.tree("", place.value, place.path)
        case _:
            yield from judge.tree(place.name, place.value, place.path)


def _resources(cfn: Any) -> Iterator[tuple[str, Mapping[str, Json]]]:
    section = cfn.template.get("Resources")
    for name, body in section.items() if isinstance(section, dict) else ():
        if isinstance(body, dict):
            yield str(name), body


def _places(name: str, body: Mapping[str, Json], forms: Mapping[str, str]) -> Iterator[Place]:
    for key, value, path in _walk(body.get("Properties"), ("Resources", name, "Properties"), forms):
        yield Place(resource=name, form=forms[key], name=key, value=value, path=path)


def _walk(value: Json, path: Path, forms: Mapping[str, str]) -> Iterator[tuple[str, Json, Path]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, (*path, index), forms)
    elif isinstance(value, dict) and function(value) in (None, "Fn::If"):
        for key, item in value.items():
            if key in forms and (forms[key] != "variables" or _are_variables(item)):
                yield str(key), item, (*path, key)
            else:
                yield from _walk(item, (*path, key), forms)


def _are_variables(value: Json) -> bool:
    """Whether a value under such a key is the variables themselves; CodeBuild's and Lambda's `Environment` hold them
    one level further down, and many a property of that name is a text."""
    if isinstance(value, list):
        return True
    if not isinstance(value, dict):
        return False
    if function(value) == "Fn::If":
        branches = value["Fn::If"][1:] if isinstance(value["Fn::If"], list) else ()
        return any(_are_variables(branch) for branch in branches)
    return function(value) is None and not _VARIABLES.intersection(value)


def _of_variables(value: Json, path: Path, judge: Judge) -> Iterator[Fault]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _of_variables(item, (*path, index), judge)
    elif isinstance(value, dict) and function(value) == "Fn::If" and isinstance(value["Fn::If"], list):
        for index, branch in enumerate(value["Fn::If"][1:], start=1):
            yield from _of_variables(branch, (*path, "Fn::If", index), judge)
    elif (
        isinstance(value, dict) and (key := next((name for name in _NAMES if name in value), None)) and "Value" in value
    ):
        if value.get("Type") not in _ELSEWHERE:
            yield from judge.tree(_plain(value[key]), value["Value"], (*path, "Value"))
    else:
        yield from judge.tree("", value, path)


def _plain(name: Json) -> str:
    return name if isinstance(name, str) else ""
