"""Logs of functions: the group that one writes to, and whether it may."""

from dataclasses import dataclass
from typing import Any

from stackproof.findings.outcome import Outcome
from stackproof.graph.alarms.own import NAMESPACE_KEY
from stackproof.graph.arns import arn, common
from stackproof.graph.grants import context, may
from stackproof.graph.graph import Graph
from stackproof.graph.statements import role_statements
from stackproof.graph.values import known, text, texts
from stackproof.rules import Hit, Hits
from stackproof.template.model import Resource
from stackproof.template.references import display, whole

GROUP = "AWS::Logs::LogGroup"
ROLE = "AWS::IAM::Role"
_WRITES = ("logs:CreateLogStream", "logs:PutLogEvents")
_WRITERS = (
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaVPCAccessExecutionRole",
    "CloudWatchLambdaInsightsExecutionRolePolicy",
)
_LEVELS = {
    "ApplicationLogLevel": ("INFO", "TRACE", "DEBUG", "WARN", "ERROR", "FATAL"),
    "SystemLogLevel": ("INFO", "DEBUG", "WARN"),
}
_HIDING = ("ERROR", "FATAL")
_ALL_HIDING = ("WARN", *_HIDING)


@dataclass(frozen=True, kw_only=True)
class Written:
    """The group that a function writes to: the resource, if the template declares it, and its name in the common form.
    `named`: the function names it itself, so that it comes after its group."""

    group: Resource | None
    name: str
    named: bool


def written(graph: Graph, function: Resource) -> Written:
    """Where a function's logs go: to the group of its LoggingConfig, or to /aws/lambda/<its name>."""
    value = known(function.get("LoggingConfig", "LogGroup"))
    if value is not None:
        reference = whole(value)
        found = graph.resources.get(reference.target) if reference else None
        if found is not None and (found.type != GROUP or (reference and reference.attribute is not None)):
            return Written(group=None, name=display(str(value)), named=True)
        name = common(graph, value) if isinstance(value, str) else ""
        return Written(group=_declared(graph, name), name=name, named=found is not None)
    name = f"/aws/lambda/{arn(graph, function).rsplit(':', 1)[-1]}"
    return Written(group=_declared(graph, name), name=name, named=False)


def _declared(graph: Graph, name: str) -> Resource | None:
    return next((group for group in graph.of_type(GROUP) if arn(graph, group).split(":log-group:", 1)[1] == name), None)


def group_faults(graph: Graph, function: Resource) -> Hits:
    """Why a function has no log group of its own in the template."""
    found = written(graph, function)
    has_config = isinstance(function.get("LoggingConfig"), dict)
    path = ("Properties", "LoggingConfig") if has_config else ("Properties",)
    if found.group is None:
        yield Hit(f"the template declares no log group {found.name}, which the function writes to", path=path)
        return
    if not found.named and not _comes_after(graph, function, found.group):
        message = (
            f"the function may run before its log group {found.group.logical_id} is there: it does not refer to it"
        )
        yield Hit(message, path=path)
    for other in graph.of_type("AWS::Lambda::Function"):
        if other is not function and written(graph, other).group is found.group:
            yield Hit(f"the function shares its log group {found.group.logical_id} with {other.logical_id}", path=path)


def _comes_after(graph: Graph, function: Resource, group: Resource) -> bool:
    """Whether a function is made after its group: it depends on it. A group that is named after the function can't come
    first."""
    names = function.attributes.get("DependsOn") or []
    if group.logical_id in (names if isinstance(names, list) else [names]):
        return True
    edges = {(edge.source, edge.target) for edge in graph.incoming.get(group.logical_id, ())}
    after = {(edge.source, edge.target) for edge in graph.incoming.get(function.logical_id, ())}
    return (function.logical_id, group.logical_id) in edges or (group.logical_id, function.logical_id) in after


def logging_faults(graph: Graph, function: Resource) -> Hits:
    """Why a function's logs can't be written, or not be searched."""
    yield from _format_faults(function)
    value = known(function.get("Role"))
    role = graph.referred(value, ROLE)
    if role is None:
        message = (
            f"whether the role may write the function's logs is not known: {display(str(value))} is not in the template"
        )
        yield Hit(message, path=("Properties", "Role"), outcome=Outcome.UNKNOWN)
        return
    found = written(graph, function)
    place = ("Properties", "Policies") if "Policies" in role.properties else ("Properties",)
    for action in _lacking(graph, role, found.name):
        message = f"the role does not let {function.logical_id} write to its log group {found.name} ({action})"
        yield Hit(message, path=place, resource=role.logical_id)
    for statement in role_statements(graph, role):
        if statement.effect == "Allow" and statement.has_action("logs:CreateLogGroup"):
            message = (
                f"{function.logical_id} may make its log group anew, without key and retention (logs:CreateLogGroup)"
            )
            yield Hit(message, path=statement.path, resource=statement.holder.logical_id)


def _lacking(graph: Graph, role: Resource, name: str) -> list[str]:
    managed = [value.rsplit("/", 1)[-1] for value in texts(role.get("ManagedPolicyArns")) if ":aws:policy/" in value]
    if any(policy in _WRITERS for policy in managed):
        return []
    stream = f"arn:aws:logs:region:account:log-group:{name}:log-stream:any"
    group = f"arn:aws:logs:region:account:log-group:{name}"
    return [a for a in _WRITES if not may(graph, role, a, stream, context()) and not _on_group(graph, role, a, group)]


def _on_group(graph: Graph, role: Resource, action: str, group: str) -> bool:
    """Whether the action is allowed on the group itself, which is enough to make streams."""
    return action == "logs:CreateLogStream" and may(graph, role, action, group, context())


def _format_faults(function: Resource) -> Hits:
    config = known(function.get("LoggingConfig"))
    if not isinstance(config, dict):
        yield Hit("the function's logs are plain text: LoggingConfig.LogFormat is not JSON", path=("Properties",))
        return
    at = ("Properties", "LoggingConfig")
    if known(config.get("LogFormat")) != "JSON":
        yield Hit("the function's logs are plain text: LogFormat is not JSON", path=at)
    hiding: tuple[str, ...] = _ALL_HIDING if _emits(function) else _HIDING
    level = text(config.get("ApplicationLogLevel")).upper()
    if level in hiding:
        what = "the metrics that are written as log lines" if level == "WARN" else "what the function says"
        yield Hit(f"ApplicationLogLevel {level} drops {what}", path=(*at, "ApplicationLogLevel"))
    for name, levels in _LEVELS.items():
        if known(config.get(name, levels[0])) not in levels:
            yield Hit(f"{name} is none of {', '.join(levels)}", path=(*at, name))


def _emits(function: Resource) -> bool:
    """Whether a function writes metrics as log lines, as far as its environment tells."""
    variables: Any = function.get("Environment", "Variables")
    return isinstance(variables, dict) and any(NAMESPACE_KEY.search(str(name)) for name in variables)
