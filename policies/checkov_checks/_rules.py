"""What our checks share: a base, its faults, reading values of a resource, thresholds.

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


class Check(BaseResourceCheck):
    """A check that yields faults. It fails at the first one that is sure, and names all of them.

    The first line of a check's docstring is its name for people.
    """

    declines = True  # its `unknown` means that it does not apply
    check_id = ""
    resource_types: tuple[str, ...] = ()

    def __init__(self) -> None:
        name = (self.__doc__ or "").strip().splitlines()[0].rstrip(".")
        super().__init__(
            name=name,
            id=self.check_id,
            categories=[CheckCategories.GENERAL_SECURITY],
            supported_resources=self.resource_types,
        )

    def applies(self, properties: dict[str, Any]) -> bool:
        """Whether there is anything here to judge."""
        return True

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """What is wrong with the resource."""
        raise NotImplementedError

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """checkov's entry."""
        properties = mapping(_plain(conf.get("Properties")))
        self.evaluated_keys, self.details = [], []
        if not self.applies(properties):
            return CheckResult.UNKNOWN
        found = sorted(self.faults(properties), key=lambda fault: is_unknown(fault.value))
        if not found:
            return CheckResult.PASSED
        self.evaluated_keys = [found[0].key]
        self.details = [fault.text for fault in found]
        return CheckResult.FAILED


def _plain(value: Any) -> Any:
    """A value without the line numbers that checkov's own command line puts among the keys."""
    kind = type(value)  # isinstance would count as a question about a value that is not known
    if issubclass(kind, dict):
        return {key: _plain(item) for key, item in value.items() if not str(key).startswith("__")}
    return [_plain(item) for item in value] if issubclass(kind, list) else value


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


def named(value: Any) -> bool:
    """Whether a value names something: a text, or a reference."""
    if isinstance(value, dict):
        return len(value) == 1 and next(iter(value)) in ("Ref", "Fn::GetAtt", "Fn::Sub")
    return isinstance(value, int | str) and not isinstance(value, bool) and str(value).strip() != ""


def has_items(value: Any) -> bool:
    """Whether a list has anything in it; one that another resource gives (`!GetAtt Stack.Outputs.Subnets`) has."""
    return bool(sequence(value)) or (bool(mapping(value)) and named(value))


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
