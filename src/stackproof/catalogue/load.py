"""Read the catalogue from a policies folder, and refuse one that is malformed."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from stackproof.catalogue.fields import entries, listed, mapped, names, one_of, worded
from stackproof.catalogue.files import Fault, Where, located, read
from stackproof.catalogue.model import ENGINES, GATE, Catalogue, Control, Exclusion, Framework
from stackproof.catalogue.thresholds import check_thresholds
from stackproof.errors import StackproofError
from stackproof.findings.outcome import Area, Severity
from stackproof.findings.result import RuleId

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_RULE_NAMES = {
    "cfn-lint": re.compile(r"[EWI][0-9]{0,4}"),
    "cfn-guard": re.compile(r"[a-z][a-z0-9_]*"),
    "checkov": re.compile(r"[A-Z][A-Z0-9_]*"),
    "graph": re.compile(r"[a-z][a-z0-9_]*"),
    "schema": re.compile(r"valid"),  # its only rule
    GATE: re.compile(r"[a-z][a-z0-9_]*"),
}
_Built = TypeVar("_Built")

_CONTROL = ("id", "title", "area", "severity", "why", "fix", "rules", "frameworks")
_FRAMEWORK = ("label", "name", "version", "source", "requirements")


def load(policies: Path) -> Catalogue:
    """The catalogue of a policies folder: controls.yaml, frameworks.yaml and thresholds.yaml.

    Raises: StackproofError that says what is wrong, in which file and line, and how to mend it.
    """
    if not policies.is_dir():
        raise StackproofError(f"{policies}: no such folder. Name a policies folder, or leave --policies out.")
    frameworks = _read(policies / "frameworks.yaml", _frameworks)
    thresholds = _read(policies / "thresholds.yaml", check_thresholds)
    controls, excluded = _read(policies / "controls.yaml", lambda data: _controls(data, frameworks))
    return Catalogue(controls=controls, thresholds=thresholds, frameworks=frameworks, excluded=excluded)


def _read(path: Path, build: Callable[[Mapping[str, Any]], _Built]) -> _Built:
    data = read(path)
    try:
        return build(data)
    except Fault as fault:
        raise located(path, fault) from None


def _frameworks(data: Mapping[str, Any]) -> dict[str, Framework]:
    names((), data, ("frameworks",))
    found = {}
    for key, entry in mapped(("frameworks",), data["frameworks"]).items():
        where = ("frameworks", key)
        names(where, entry, _FRAMEWORK)
        requirements = mapped((*where, "requirements"), entry["requirements"])
        found[key] = Framework(
            id=key,
            label=worded((*where, "label"), entry["label"]),
            name=worded((*where, "name"), entry["name"]),
            version=worded((*where, "version"), entry["version"]),
            source=worded((*where, "source"), entry["source"]),
            requirements={
                number: worded((*where, "requirements", number), title) for number, title in requirements.items()
            },
        )
    return found


def _controls(
    data: Mapping[str, Any], frameworks: Mapping[str, Framework]
) -> tuple[dict[str, Control], tuple[Exclusion, ...]]:
    names((), data, ("controls",), optional=("excluded",))
    controls: dict[str, Control] = {}
    for index, entry in enumerate(entries(("controls",), data["controls"])):
        control = _control(("controls", index), entry, frameworks)
        if control.id in controls:
            raise Fault(("controls", index), f"the control {control.id} is there twice. Give each its own id.")
        controls[control.id] = control
    excluded = tuple(
        _exclusion(("excluded", index), entry)
        for index, entry in enumerate(listed(("excluded",), data.get("excluded", [])))
    )
    _each_rule_once(controls, {one.rule for one in excluded})
    return controls, excluded


def _control(where: Where, entry: Any, frameworks: Mapping[str, Framework]) -> Control:
    names(where, entry, _CONTROL)
    name = worded((*where, "id"), entry["id"])
    if not _ID.fullmatch(name):
        raise Fault(
            (*where, "id"), f"{name!r} is no id of a control. Write it in lower case with hyphens: encryption-s3."
        )
    answers = mapped((*where, "frameworks"), entry["frameworks"], may_be_empty=True)
    return Control(
        id=name,
        title=worded((*where, "title"), entry["title"]),
        area=Area(one_of((*where, "area"), entry["area"], Area)),
        severity=Severity(one_of((*where, "severity"), entry["severity"], Severity)),
        why=worded((*where, "why"), entry["why"]),
        fix=worded((*where, "fix"), entry["fix"]),
        rules=tuple(
            _rule((*where, "rules", number), rule)
            for number, rule in enumerate(entries((*where, "rules"), entry["rules"]))
        ),
        frameworks={
            key: _answered((*where, "frameworks", key), key, numbers, frameworks) for key, numbers in answers.items()
        },
    )


def _answered(where: Where, key: str, numbers: Any, frameworks: Mapping[str, Framework]) -> tuple[str, ...]:
    if key not in frameworks:
        raise Fault(
            where,
            f"the framework {key} is not in frameworks.yaml, which has {', '.join(frameworks)}. Add or rename it.",
        )
    found = tuple(worded((*where, at), number) for at, number in enumerate(entries(where, numbers)))
    for at, number in enumerate(found):
        if number not in frameworks[key].requirements:
            raise Fault(
                (*where, at), f"{key} has no requirement {number} in frameworks.yaml. Add it there, or correct it."
            )
        if number in found[:at]:
            raise Fault((*where, at), f"the requirement {number} stands there twice. Remove one.")
    return found


def _rule(where: Where, value: Any) -> RuleId:
    engine, colon, name = worded(where, value).partition(":")
    if not colon:
        raise Fault(
            where, f"the rule {value!r} names no engine. Write engine:rule, such as graph:s3_bucket_encryption."
        )
    if engine not in _RULE_NAMES:
        raise Fault(where, f"{engine!r} in {value!r} is no engine. Engines are {', '.join(ENGINES)} and {GATE}.")
    if not _RULE_NAMES[engine].fullmatch(name):
        raise Fault(where, f"{name!r} is no name of a {engine} rule. It must match {_RULE_NAMES[engine].pattern}.")
    return RuleId(engine=engine, rule=name)


def _exclusion(where: Where, entry: Any) -> Exclusion:
    names(where, entry, ("rule", "reason"))
    rule = _rule((*where, "rule"), entry["rule"])
    if rule.engine != "cfn-lint" or len(rule.rule) != len("W3002"):
        raise Fault(
            (*where, "rule"), f"{rule} can't be excluded: only single rules of cfn-lint can. Use a waiver instead."
        )
    return Exclusion(rule=rule, reason=worded((*where, "reason"), entry["reason"]))


def _each_rule_once(controls: Mapping[str, Control], excluded: set[RuleId]) -> None:
    owners: dict[RuleId, str] = {}
    for index, control in enumerate(controls.values()):
        for number, rule in enumerate(control.rules):
            where = ("controls", index, "rules", number)
            if rule in excluded:
                raise Fault(
                    where, f"the rule {rule} is excluded and checks {control.id}. Remove it from one of the two."
                )
            if rule in owners:
                raise Fault(
                    where,
                    f"the rule {rule} serves {owners[rule]} and {control.id}. A rule serves one: remove it from one.",
                )
            owners[rule] = control.id
