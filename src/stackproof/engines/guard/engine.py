"""The engine: each resource that a rule may speak of becomes a document of its own, all are judged in one call.

Guard tells how a rule stands on a document, not on a resource. With one resource a document these are the same: the
population of a rule is what Guard itself says (pass, fail, skip), whatever its selection and clauses are made of, and a
good resource can't hide a bad one. Documents that are alike (one stack in several environments,
mutants) are judged once, in one run and, by one engine, over all its runs with the same rules and program.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from stackproof.engines import setup
from stackproof.engines.guard.faults import Fault, faults, unknown_reason
from stackproof.engines.guard.program import Program, Report
from stackproof.engines.guard.rules import RuleFile, load_rules
from stackproof.engines.protocol import EngineFailure, Run, Subject, Task
from stackproof.findings.outcome import Outcome
from stackproof.findings.result import Path, Result, RuleId

_VERSION_TIMEOUT = 30.0
_NAME = "Resource"  # what each is called in its document, so that those that are alike are one
_REMEMBERED = 100_000  # documents, some hundred bytes each with what was said of them


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """One resource: of each rule that applies its faults (none: it holds), or why nothing can be said."""

    faults: Mapping[str, tuple[Fault, ...]]
    raw: Any
    failure: str | None = None


class GuardEngine:
    """AWS CloudFormation Guard. `binary` is the program; with None the set-up gives it when it is first needed, and
    tells `progress` if it must install it."""

    name = "cfn-guard"

    def __init__(self, binary: FilePath | None = None, progress: Callable[[str], None] = lambda _: None) -> None:
        self._binary = binary
        self._progress = progress
        self._known: dict[str, _Judged] = {}
        self._known_for: tuple[Any, ...] = ()

    def version(self) -> str:
        """The version that is installed.

        Raises: EngineFailure when it is not there, or another than the pinned one.
        """
        return self._program(_VERSION_TIMEOUT).version()

    def close(self) -> None:
        """Its processes judge a batch of documents within a second or two and end by themselves."""

    def run(self, task: Task) -> Run:
        """Judge all subjects.

        Raises: EngineFailure when nothing can be said about any subject.
        """
        program = self._program(task.timeout)
        version = program.version()
        rules = load_rules(task.policies, task.rules, task.thresholds)
        documents, failures = _all_documents(task, frozenset(name for rule in rules for name in rule.types))
        judged = self._judge(program, version, rules, documents)
        results: dict[str, tuple[Result, ...]] = {}
        raw: dict[str, Any] = {}
        for subject in task.subjects:
            if subject.key in failures:
                continue
            mine = {name: judged[text] for name, text in documents[subject.key].items()}
            if broken := next(((name, one.failure) for name, one in mine.items() if one.failure), None):
                failures[subject.key] = f"cfn-guard: {subject.template.source.path}, resource {broken[0]}: {broken[1]}"
                continue
            results[subject.key] = tuple(_results(self.name, subject, rules, mine))
            raw[subject.key] = {name: one.raw for name, one in mine.items()}
        return Run(version=version, rules=len(rules), results=results, failures=failures, raw=raw)

    def _judge(
        self,
        program: Program,
        version: str,
        rules: tuple[RuleFile, ...],
        documents: Mapping[str, Mapping[str, str]],
    ) -> Mapping[str, _Judged]:
        """What is said of each document. Only what was never judged by this program and these rules is given to it."""
        if self._known_for != (version, program.identity(), rules) or len(self._known) > _REMEMBERED:
            self._known, self._known_for = {}, (version, program.identity(), rules)
        wanted = dict.fromkeys(text for texts in documents.values() for text in texts.values())
        new = [text for text in wanted if text not in self._known or self._known[text].failure]
        resources = [json.loads(text)["Resources"][_NAME] for text in new]
        kinds = {resource["Type"] for resource in resources}
        # The first call shows that every rule loads, documents or none; later ones need those that may apply.
        asked = tuple(rule for rule in rules if rule.types & kinds) if self._known else rules
        if asked:
            reports = program.judge(asked, new)
            self._known.update(zip(new, _judged(reports, asked, resources), strict=True))
        return self._known

    def _program(self, timeout: float) -> Program:
        if self._binary is None:
            installed = setup.ensure(self.name, self._progress)
            if faults := setup.verify(self.name).faults:
                raise EngineFailure(
                    f"cfn-guard: {installed.path} is not as it was installed: {faults[0]}. Remove its folder, then run "
                    "`stackproof engines`."
                )
            self._binary = installed.path
        return Program(path=self._binary, deadline=time.monotonic() + timeout)


def _all_documents(task: Task, types: frozenset[str]) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """The documents of each subject, and the subjects of which none can be made, with the reason."""
    documents: dict[str, dict[str, str]] = {}
    failures: dict[str, str] = {}
    for subject in task.subjects:
        try:
            documents[subject.key] = dict(_documents(subject, types))
        except ValueError as error:
            failures[subject.key] = f"cfn-guard: {subject.template.source.path}: {error}"
    return documents, failures


def _documents(subject: Subject, types: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The resources of these types as (logical id, JSON document).

    Raises: ValueError with a sentence when the rendered template is not what it should be.
    """
    resources = subject.rendered.get("Resources") if isinstance(subject.rendered, Mapping) else None
    if not isinstance(resources, Mapping) or set(resources) != set(subject.template.resources):
        raise ValueError("its rendered form has other resources than its model.")
    for name, resource in resources.items():
        if not isinstance(resource, Mapping) or not isinstance(resource.get("Type"), str):
            raise ValueError(f"resource {name} has no Type.")
        if resource["Type"] in types:
            # A suppression in Metadata must not be able to hide anything, whatever a rule asks for.
            kept = {key: value for key, value in resource.items() if key != "Metadata"}
            yield name, json.dumps({"Resources": {_NAME: kept}}, allow_nan=False)


def _judged(
    reports: Sequence[Report | str], rules: Sequence[RuleFile], resources: Sequence[Mapping[str, Any]]
) -> Iterator[_Judged]:
    for report, resource in zip(reports, resources, strict=True):
        if isinstance(report, str):
            yield _Judged(faults={}, raw=None, failure=report)
        else:
            yield _Judged(faults=dict(_by_rule(report, rules, resource)), raw=report)


def _by_rule(
    report: Report, rules: Sequence[RuleFile], resource: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[Fault, ...]]]:
    """The rules that apply to a resource, each with its faults.

    Raises: EngineFailure when a rule is not there, or twice, or applies where it can't.
    """
    failed = {item["Rule"].get("name"): item["Rule"] for item in report["not_compliant"]}
    names = [
        *report["compliant"],
        *report["not_applicable"],
        *(item["Rule"].get("name") for item in report["not_compliant"]),
    ]
    for rule in rules:
        if names.count(rule.name) != 1:
            raise EngineFailure(
                f"cfn-guard: the rule {rule.name} was given to it, but on an {resource['Type']} it told "
                f"{names.count(rule.name)} outcomes of it instead of one."
            )
        skipped = rule.name in report["not_applicable"]
        if resource["Type"] not in rule.types:
            if not skipped:
                raise EngineFailure(f"cfn-guard: {rule.name} judged an {resource['Type']}, which it does not select.")
            continue
        undecided = _undecided(rule, resource) if rule.name not in report["compliant"] else ()
        if undecided:
            yield rule.name, undecided
        elif not skipped:
            yield rule.name, faults(failed[rule.name], _NAME, resource) if rule.name in failed else ()


def _undecided(rule: RuleFile, resource: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Values that are not known by which the rule's selection decides whether it speaks of the resource."""
    return tuple(
        Fault(path=path, message=f"whether {rule.name} applies cannot be told", unknown=reason)
        for steps in rule.narrowing
        for path, reason in _unknown_on_the_way(("Properties", *steps), resource)
    )


def _unknown_on_the_way(steps: Path, resource: Any) -> Iterator[tuple[Path, str]]:
    value = resource
    for end in range(len(steps) + 1):
        if (reason := unknown_reason(value)) is not None:
            yield steps[:end], reason
        if end == len(steps) or not isinstance(value, Mapping) or steps[end] not in value:
            return
        value = value[steps[end]]


def _results(
    engine: str, subject: Subject, rules: Sequence[RuleFile], judged: Mapping[str, _Judged]
) -> Iterator[Result]:
    for rule in rules:
        identity = RuleId(engine=engine, rule=rule.name)
        for name, one in judged.items():
            if rule.name not in one.faults:
                continue
            found = one.faults[rule.name]
            if not found:
                yield Result(rule=identity, resource=name, outcome=Outcome.PASS)
            for path, message in _by_place(rule.name, found).items():
                yield Result(
                    rule=identity,
                    resource=name,
                    outcome=Outcome.FAIL if found[0].unknown is None else Outcome.UNKNOWN,
                    path=subject.template.resources[name].origin(*path),
                    message=message,
                )


def _by_place(rule: str, found: Sequence[Fault]) -> Mapping[Path, str]:
    """One message a place: the rule's own words, else a sentence of ours."""
    places: dict[Path, dict[str, None]] = {}
    for path in dict.fromkeys(fault.path for fault in found):
        here = [fault for fault in found if fault.path == path]
        spoken = [fault for fault in here if fault.message] or here
        places[path] = dict.fromkeys(_message(rule, fault) for fault in spoken)
    return {path: "; ".join(messages) for path, messages in places.items()}


def _message(rule: str, fault: Fault) -> str:
    said = fault.message or f"{'/'.join(map(str, fault.path)) or 'the resource'} is not as {rule} asks"
    if fault.unknown is not None:
        return f"{said}: the value is not known ({fault.unknown})"
    return f"{said} ({fault.detail})" if fault.detail else said
