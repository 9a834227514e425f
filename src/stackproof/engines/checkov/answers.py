"""What the worker said, as results: every check on every resource that it applies to, or a sentence why not."""

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stackproof.engines.protocol import EngineFailure, Subject
from stackproof.findings.outcome import Outcome
from stackproof.findings.result import Path, Result, RuleId

Json = Any
NAME = "checkov"

# Built-in checks that answer "unknown" where they do not apply. Of any other check an unknown answer stays unknown.
_DECLINES = {
    "CKV_AWS_7": "asymmetric keys can't rotate",
    "CKV_AWS_16": "an Aurora instance's storage is its cluster's (CKV_AWS_96)",
    "CKV_AWS_131": "only application load balancers know the attribute",
    "CKV_AWS_157": "an Aurora cluster is in several zones by itself",
    "CKV_AWS_161": "only MySQL and PostgreSQL have IAM authentication",
    "CKV_AWS_197": "RabbitMQ brokers have no audit log",
    "CKV_AWS_364": "the principal is no service",
}


class Unjudged(Exception):
    """The worker's answer does not account for a template; the text says what is missing."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What the worker has loaded: for each check the types of resources (or patterns of them) that it applies to."""

    version: str
    checks: Mapping[str, tuple[str, ...]]


def loaded(answer: Mapping[str, Json], rules: Sequence[str]) -> Loaded:
    """The first answer.

    Raises: EngineFailure unless exactly `rules` were loaded.
    """
    try:
        problems = [str(problem) for problem in answer["problems"]]
        checks = {str(check): _types(types) for check, types in answer["checks"].items()}
        version = str(answer["version"])
    except (KeyError, TypeError, AttributeError) as error:
        raise EngineFailure(f"checkov's worker did not say what it loaded ({error!r}). Please report it.") from error
    missing = sorted(set(rules) - checks.keys())
    if missing and not problems:
        problems = [f"{', '.join(missing)} did not load"]
    if problems:
        raise EngineFailure(
            f"checkov: {'; '.join(problems)}. Correct the rule's name in controls.yaml, or the file in checkov_checks."
        )
    return Loaded(version=version, checks=checks)


def _types(value: Json) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(kind, str) for kind in value):
        raise TypeError(f"{value!r} are no types of resources")
    return tuple(value)


def results(answer: Mapping[str, Json], subject: Subject, have: Loaded) -> tuple[Result, ...]:
    """The results of one template.

    Raises: Unjudged when a resource or a check on it is missing, or when a check raised.
    """
    try:
        problems = [str(problem) for problem in answer["problems"]]
        seen = {str(logical_id) for logical_id in answer["seen"]}
        rows = [
            (str(row[0]), str(row[1]), str(row[2]), [str(key) for key in row[3]], str(row[4]))
            for row in answer["results"]
        ]
        key = str(answer["key"])
    except (KeyError, TypeError, IndexError) as error:
        raise Unjudged(f"the worker's answer is not complete ({error!r})") from error
    if problems:
        raise Unjudged("; ".join(problems))
    if key != subject.key:
        raise Unjudged(f"the worker answered for {key}")
    _account(subject, have, seen, [(row[0], row[1]) for row in rows])
    return tuple(found for row in rows if (found := _result(subject, *row)) is not None)


def _account(subject: Subject, have: Loaded, seen: set[str], judged: list[tuple[str, str]]) -> None:
    resources = subject.template.resources
    if left := sorted(resources.keys() - seen):
        raise Unjudged(f"the resources {', '.join(left)} were not seen")
    if more := sorted(seen - resources.keys()):
        raise Unjudged(f"the resources {', '.join(more)} are not in the template")
    due = {
        (check, resource.logical_id)
        for resource in resources.values()
        for check, types in have.checks.items()
        if any(fnmatch.fnmatchcase(resource.type, pattern) for pattern in types)
    }
    if extra := sorted(set(judged) - due):
        raise Unjudged(
            "; ".join(f"{check} spoke of {logical_id}, to which it does not apply" for check, logical_id in extra)
        )
    if twice := sorted({row for row in judged if judged.count(row) > 1} if len(judged) > len(set(judged)) else ()):
        raise Unjudged("; ".join(f"{check} spoke twice of {logical_id}" for check, logical_id in twice))
    if dropped := sorted(due - set(judged)):
        raise Unjudged("; ".join(f"{check} said nothing about {logical_id}" for check, logical_id in dropped))


def _result(
    subject: Subject, check: str, logical_id: str, outcome: str, keys: Sequence[str], message: str
) -> Result | None:
    rule = RuleId(engine=NAME, rule=check)
    match outcome:
        case "passed":
            return Result(rule=rule, resource=logical_id, outcome=Outcome.PASS)
        case "not_applicable":
            return None
        case "declined" if check in _DECLINES:
            return None
        case "failed":
            became, text = Outcome.FAIL, message
        case "unknown" | "declined":
            became, text = Outcome.UNKNOWN, f"can't be decided: {message}"
        case "raised":
            became, text = Outcome.UNKNOWN, f"can't be decided: checkov's own check raised {message}"
        case _:
            raise Unjudged(f"{check} has the outcome {outcome!r} on {logical_id}")
    return Result(rule=rule, resource=logical_id, outcome=became, path=_path(subject, logical_id, keys), message=text)


def _path(subject: Subject, logical_id: str, keys: Sequence[str]) -> Path:
    """The place in the original template of the evaluated key that leads deepest, as far as it exists there."""
    resource = subject.rendered["Resources"][logical_id]
    paths = [_existing(resource, key) for key in keys]
    return subject.template.resources[logical_id].origin(*max(paths, key=len, default=()))


def _existing(value: Json, key: str) -> Path:
    path: list[str | int] = []
    for step in key.strip("/").split("/"):
        bare = step.strip("[]")
        if isinstance(value, list) and bare.isdecimal() and int(bare) < len(value):
            path.append(int(bare))
        elif isinstance(value, dict) and step in value:
            path.append(step)
        else:
            break
        value = value[path[-1]]
    return tuple(path)
