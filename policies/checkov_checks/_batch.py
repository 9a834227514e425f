"""What the checks of AWS Batch share: a base, the places where a job definition has containers, thresholds, values.

checkov loads it with the others; it registers no check.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from checkov.cloudformation.checks.resource.base_resource_check import BaseResourceCheck
from checkov.common.models.enums import CheckCategories, CheckResult

UNKNOWN = "<unknown: "  # how a rendered template writes a value that is not known


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong: `key` is where, from the resource down ("Properties/Timeout"), `text` says it to people."""

    key: str
    text: str
    value: Any = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """A container of a job definition. `task` is what it shares with others (volumes, host namespaces): for a container
    that is alone the container itself."""

    key: str
    container: dict[str, Any]
    task_key: str
    task: dict[str, Any]
    kubernetes: bool = False


class BatchCheck(BaseResourceCheck):
    """A check that yields faults. It fails at the first one that is sure, and names all of them."""

    declines = True  # its `unknown` with all values known means that it does not apply
    resource_type = "AWS::Batch::JobDefinition"

    def __init__(self) -> None:
        name = (self.__doc__ or "").strip().splitlines()[0].rstrip(".")
        super().__init__(
            name=name,
            id=self.check_id,
            categories=[CheckCategories.GENERAL_SECURITY],
            supported_resources=[self.resource_type],
        )

    check_id = ""

    def applies(self, properties: dict[str, Any]) -> bool:
        """Whether there is anything here to judge."""
        return True

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """What is wrong with the resource."""
        raise NotImplementedError

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """checkov's entry."""
        properties = mapping(conf.get("Properties"))
        if not self.applies(properties):
            return CheckResult.UNKNOWN
        found = sorted(self.faults(properties), key=lambda fault: is_unknown(fault.value))
        if not found:
            return CheckResult.PASSED
        self.evaluated_keys = [found[0].key]
        self.details = [fault.text for fault in found]
        return CheckResult.FAILED


def containers(properties: dict[str, Any]) -> Iterator[Place]:
    """Every container of a job definition, wherever it may stand."""
    yield from _node(properties, "Properties", "ContainerProperties")
    nodes = mapping(properties.get("NodeProperties"))
    for index, node in enumerate(sequence(nodes.get("NodeRangeProperties"))):
        yield from _node(mapping(node), f"Properties/NodeProperties/NodeRangeProperties/[{index}]", "Container")


def _node(node: dict[str, Any], at: str, single: str) -> Iterator[Place]:
    if isinstance(alone := node.get(single), dict):
        yield Place(key=f"{at}/{single}", container=alone, task_key=f"{at}/{single}", task=alone)
    for index, task in enumerate(sequence(mapping(node.get("EcsProperties")).get("TaskProperties"))):
        key = f"{at}/EcsProperties/TaskProperties/[{index}]"
        for number, container in enumerate(sequence(mapping(task).get("Containers"))):
            inner = f"{key}/Containers/[{number}]"
            yield Place(key=inner, container=mapping(container), task_key=key, task=mapping(task))
    pod = mapping(mapping(node.get("EksProperties")).get("PodProperties"))
    for group in ("InitContainers", "Containers"):
        for index, container in enumerate(sequence(pod.get(group))):
            key = f"{at}/EksProperties/PodProperties"
            inner = f"{key}/{group}/[{index}]"
            yield Place(key=inner, container=mapping(container), task_key=key, task=pod, kubernetes=True)


def mapping(value: Any) -> dict[str, Any]:
    """`value` if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """`value` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def is_unknown(value: Any) -> bool:
    """Whether a value is not known."""
    return isinstance(value, str) and value.startswith(UNKNOWN)


def number(value: Any) -> int | None:
    """A whole number, also as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else None


def boolean(value: Any) -> bool | None:
    """A truth value, also as text; None for anything else."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def text(value: Any) -> str | None:
    """A text, also one inside Fn::Sub, with its `${references}`; None for anything else and for what is not known."""
    if isinstance(value, dict) and len(value) == 1 and "Fn::Sub" in value:
        inner = value["Fn::Sub"]
        value = inner[0] if isinstance(inner, list) and inner else inner
    return None if not isinstance(value, str) or is_unknown(value) else value


def shown(value: Any) -> str:
    """A value for a message."""
    return "not known" if is_unknown(value) else "not set" if value is None else json.dumps(value, default=str)


def threshold(area: str, name: str) -> int:
    """A number of thresholds.yaml: handed over by stackproof, else from the file beside this folder."""
    return int(_thresholds()[area][name])


@cache
def _thresholds() -> Any:
    if given := os.environ.get("STACKPROOF_THRESHOLDS"):
        return json.loads(given)
    import yaml

    return yaml.safe_load((Path(__file__).parent.parent / "thresholds.yaml").read_text("utf-8"))
