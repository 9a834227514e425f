"""cfn-lint's matches as results: for each rule of the task each resource that it applies to, passes included."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stackproof.findings.outcome import Outcome
from stackproof.findings.result import Path, Result, RuleId

Json = Any

_FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")
_OF_FUNCTIONS_WITH: Mapping[str, str] = {"E2531": "Runtime", "W2531": "Runtime", "E2533": "Runtime"}
"""Built-in rules on one property of functions. All other built-in rules may match at any resource."""


def rule_for(match: str, names: Sequence[str]) -> str | None:
    """The rule of the task that a match belongs to: the longest name that its own id starts with."""
    return max((name for name in names if match.startswith(name)), key=len, default=None)


def results(answer: Mapping[str, Json], names: Sequence[str]) -> tuple[Result, ...]:
    """The results of one template: what fails under the match's own id, what passes under the task's rule."""
    failed: dict[str, set[str | None]] = {name: set() for name in names}
    found: list[Result] = []
    for match in answer["matches"]:
        name = rule_for(match["rule"], names)
        if name is None or (match["part_of_another"] and name != match["rule"]):
            continue
        result = _failure(match, answer)
        failed[name].add(result.resource)
        found.append(result)
    passed = (
        Result(rule=RuleId(engine="cfn-lint", rule=name), resource=resource, outcome=Outcome.PASS)
        for name in names
        for resource in _population(name, answer)
        if resource not in failed[name]
    )
    return (*found, *passed, *(result for result in _undecided(answer, names) if None not in failed[result.rule.rule]))


def informational(answer: Mapping[str, Json]) -> tuple[Result, ...]:
    """What cfn-lint remarks without calling it a fault (its rules I...)."""
    return tuple(
        _failure(match, answer)
        for match in answer["matches"]
        if match["rule"].startswith("I") and not match["part_of_another"]
    )


def crashed_rules(answer: Mapping[str, Json]) -> str | None:
    """The sentence about rules that raised, None when none did."""
    said = sorted({match["message"] for match in answer["matches"] if match["rule"] == "E0002"})
    return f"a rule of cfn-lint failed: {'; '.join(said)}" if said else None


def _failure(match: Mapping[str, Json], answer: Mapping[str, Json]) -> Result:
    path: Path = tuple(match["path"])
    resource = path[1] if len(path) > 1 and path[0] in ("Resources", "Parameters") else None
    ids = answer["resources"] if path[:1] == ("Resources",) else answer.get("population", {}).get(match["rule"], ())
    return Result(
        rule=RuleId(engine="cfn-lint", rule=match["rule"]),
        resource=resource if isinstance(resource, str) and resource in ids else None,
        outcome=Outcome.FAIL,
        path=path,
        message=match["message"],
        line=match["line"],
        column=match["column"],
    )


def _population(name: str, answer: Mapping[str, Json]) -> Iterator[str]:
    """The logical ids that a rule of the task applies to: what a rule of ours names, parameters among them; all
    resources, for errors and warnings at large."""
    if answer["undecided"]:
        return  # nothing passes in a template that could not be judged as a whole
    judged = answer.get("focus")
    if name in answer.get("population", {}):
        yield from answer["population"][name]
        return
    for resource, what in answer["resources"].items():
        if judged is not None and resource not in judged:
            continue
        wanted = _OF_FUNCTIONS_WITH.get(name)
        if wanted is None or (what["type"] in _FUNCTIONS and wanted in what["properties"]):
            yield resource


def _undecided(answer: Mapping[str, Json], names: Sequence[str]) -> Iterator[Result]:
    if reason := answer["undecided"]:
        for name in names:
            yield Result(
                rule=RuleId(engine="cfn-lint", rule=name),
                resource=None,
                outcome=Outcome.UNKNOWN,
                path=tuple(answer.get("undecided_at", ())),
                message=f"{reason[0].upper()}{reason[1:]}",
            )
