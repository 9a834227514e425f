"""Running checks on resources, and what becomes of a check when values are not known."""

import importlib
import importlib.metadata
import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

from . import loading
from .document import NOTHING, Document, Notes

Json = Any


class CheckRaised(Exception):
    """A check raised; the text is the exception's kind and text. checkov itself would swallow it."""


class Judge:
    """The chosen checks, loaded. `loaded` is the answer to the first request."""

    def __init__(self, request: Json) -> None:
        os.environ["STACKPROOF_THRESHOLDS"] = json.dumps(request["thresholds"])
        wanted: list[str] = request["checks"]
        self._marker: str = request["unknown"]
        self._wanted = frozenset(wanted)
        base = loading.stand_in()
        self._registry = importlib.import_module(f"{loading.RESOURCE_CHECKS}.registry").cfn_registry
        made = loading.counted(self._registry)
        problems = [*loading.built_in(base, wanted), *loading.custom(request["custom"])]
        negative = importlib.import_module(f"{loading.RESOURCE_CHECKS}.base_resource_negative_value_check")
        value = importlib.import_module(f"{loading.RESOURCE_CHECKS}.base_resource_value_check")
        self._negative: Any = negative.BaseResourceNegativeValueCheck
        # These walk the whole resource for the one place that they look at, and ask everything for its type.
        self._walking: Any = (value.BaseResourceValueCheck, self._negative)
        chosen: dict[str, set[str]] = {}
        for entity, check in self._registry.all_checks():
            if check.id in self._wanted:
                chosen.setdefault(check.id, set()).add(entity)
        if not problems:
            problems = [f"there is no check {check}" for check in wanted if check not in chosen]
            problems += [f"there are several checks {check}" for check in wanted if made[check] > 1]
        self.loaded: Json = {
            "version": importlib.metadata.version("checkov"),
            "checks": {check: sorted(entities) for check, entities in chosen.items()},
            "problems": problems,
        }

    def template(self, request: Json) -> Json:
        """Every chosen check on every resource that it applies to."""
        document = Document(request["resources"], self._marker)
        answer: Json = {"key": request["key"], "seen": [], "results": [], "problems": []}
        for logical_id, resource in request["resources"].items():
            if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
                answer["problems"].append(f"{logical_id} is not a resource with a Type")
                continue
            answer["seen"].append(logical_id)
            for check in self._registry.get_checks(resource["Type"]):
                if check.id not in self._wanted:
                    continue
                try:
                    found = self._one(check, document, logical_id, resource["Type"])
                    answer["results"].append([check.id, logical_id, *found])
                except CheckRaised as raised:
                    answer["problems"].append(f"{check.id} raised {raised} on {logical_id}")
        return answer

    def _one(self, check: Any, document: Document, logical_id: str, kind: str) -> tuple[str, list[str], str]:
        """A check on a resource: its outcome, evaluated keys and message.

        The outcome is passed, failed, unknown, not_applicable (a check of ours says so), declined (an unknown of a
        check of checkov's, whatever the values) or raised (a check of checkov's: there is nothing that the user could
        mend). Raises: CheckRaised by a check of ours.
        """
        noted = Notes()
        try:
            outcome = _run(check, document.entity(logical_id, noted), logical_id, kind)
        except CheckRaised as raised:
            if not check.__module__.startswith("checkov."):
                raise
            return "raised", [], str(raised)
        keys = [str(key) for key in check.get_evaluated_keys()]
        message = "; ".join(str(detail) for detail in check.details) or str(check.name)
        unknown = document.unknown(logical_id)
        if unknown:
            walks = isinstance(check, self._walking)
            # Whether one value is anything shows when it is supposed to be this and that; of several, only all at once.
            notes = [*noted.read, *(() if walks else noted.asked), *(noted.weighed if len(unknown) > 1 else ())]
            supposed = [document.supposed(logical_id, value) for value in self._values(check)]
            others = {_suppose(check, entity, logical_id, kind) for entity in supposed}
            on_the_way = any(_is_above(path, key) for key in keys for path in unknown)
            sure = not notes and others == {outcome} and not (walks and on_the_way)
            sure = sure or (outcome == "failed" and self._fails(check, others, keys, unknown))
            if not sure:
                why = dict.fromkeys(notes or unknown.values())
                return "unknown", keys, f"{message} ({', '.join(why)})"
        if outcome == "unknown":
            outcome = "not_applicable" if getattr(check, "declines", False) else "declined"
        return outcome, keys, message

    def _fails(self, check: Any, others: set[str], keys: list[str], unknown: Iterable[str]) -> bool:
        """Whether a check fails whatever the unknown values are: elsewhere than where they stand."""
        elsewhere = not any(_on_one_line(key, path) for key in keys for path in unknown)
        return elsewhere and others.isdisjoint(
            {"passed", "unknown"} if getattr(check, "declines", False) else {"passed"}
        )

    def _values(self, check: Any) -> Iterator[Any]:
        """What an unknown value might be: nothing, and values that a check may take for good or for bad."""
        yield from (NOTHING, False, True, "")
        if isinstance(check, self._negative):
            yield from check.get_forbidden_values()


def _run(check: Any, entity: Json, logical_id: str, kind: str) -> str:
    try:
        result = check.run("/template.json", entity, logical_id, kind, {})["result"]
    except Exception as error:
        raise CheckRaised(f"{type(error).__name__}: {error}") from error
    name = getattr(result, "name", "UNKNOWN")  # a check that fell off its end has no result
    return {"PASSED": "passed", "FAILED": "failed"}.get(name, "unknown")


def _suppose(check: Any, entity: Json, logical_id: str, kind: str) -> str:
    try:
        return _run(check, entity, logical_id, kind)
    except CheckRaised:
        return "raised"


def _is_above(one: str, other: str) -> bool:
    """Whether one place is at or above the other: "Properties/A" and "Properties/A/B"."""
    above, below = _steps(one), _steps(other)
    return above == below[: len(above)]


def _on_one_line(key: str, path: str) -> bool:
    """Whether one is at or above the other. "Properties" alone tells nothing."""
    return len(_steps(key)) > 1 and (_is_above(key, path) or _is_above(path, key))


def _steps(path: str) -> list[str]:
    return [step.strip("[]") for step in path.strip("/").split("/")]
