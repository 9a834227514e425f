"""Where the containers of jobs and tasks write their logs."""

from collections.abc import Mapping
from typing import Any

from stackproof.graph.arns import arn, common
from stackproof.graph.graph import Graph
from stackproof.graph.values import known
from stackproof.template.model import Path, Resource, Unknown
from stackproof.template.references import display, whole

_GROUP = "AWS::Logs::LogGroup"
_OPTION = "awslogs-group"


def awslogs(definition: Resource) -> list[tuple[Any, Path]]:
    """The log groups that the containers of a definition name for the driver awslogs, with their places. A container
    that names none is another rule's."""
    return list(_groups(definition.properties, ("Properties",)))


def _groups(value: Any, path: Path) -> list[tuple[Any, Path]]:
    if isinstance(value, list):
        return [found for index, item in enumerate(value) for found in _groups(item, (*path, index))]
    if not isinstance(value, Mapping):
        return []
    options = value.get("Options")
    driver = value.get("LogDriver")
    if isinstance(driver, str) and driver == "awslogs" and isinstance(options, Mapping) and _OPTION in options:
        return [(options[_OPTION], (*path, "Options", _OPTION))]
    return [found for name, item in value.items() for found in _groups(item, (*path, name))]


def group_fault(graph: Graph, value: Any) -> str:
    """Why a name is no log group of the template, '' when it is one.

    Raises: UnknownValueError.
    """
    if isinstance(value, Unknown) or not isinstance(value, str):
        known(value)
        return "the name of the log group is no text"
    reference = whole(value)
    found = graph.resources.get(reference.target) if reference else None
    if found is not None:
        is_name = found.type == _GROUP and reference is not None and reference.attribute is None
        return "" if is_name else f"{display(value)} is the name of no log group"
    name = common(graph, value)
    if any(arn(graph, group).split(":log-group:", 1)[1] == name for group in graph.of_type(_GROUP)):
        return ""
    return f"the template declares no log group {display(value)}, to which it writes"
