"""Judge mutants with the engines that answer at once: graph and cfn-guard, in worker processes."""

import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stackproof.catalogue import Catalogue
from stackproof.engines.graph import GraphEngine, load_rule
from stackproof.engines.guard import GuardEngine
from stackproof.engines.protocol import EngineFailure, Subject, Task
from stackproof.findings.outcome import Outcome
from stackproof.findings.result import Result
from stackproof.gate import join
from stackproof.mutate.model import Caught, Mutant
from stackproof.mutate.trial import Stage, attempt, mutated, rendered, subjects
from stackproof.rules.interface import Rule
from stackproof.template.model import Source

Key = tuple[str, str | None, str]
"""What makes a finding the same one as before: its rule, its resource, its words."""

_CHUNK = 48
_state: "Bench | None" = None


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the engines so far say of a mutant: findings that were not there before."""

    index: int
    stage: int = 0
    caught: tuple[Caught, ...] = ()
    same: bool = False
    refused: str = ""
    failure: str = ""
    changed: frozenset[str] = frozenset()
    variants: int = 1


@dataclass(kw_only=True)
class Bench:
    """All that a worker needs. `access` are the stack's invariants; `rules` by engine."""

    source: Source
    mutants: Sequence[Mutant]
    stages: Sequence[Stage]
    catalogue: Catalogue
    policies: Path
    rules: Mapping[str, tuple[str, ...]]
    access: Any = None
    guard: GuardEngine = field(default_factory=GuardEngine)
    before: dict[int, frozenset[Key]] = field(default_factory=dict)
    loaded: dict[str, Rule] = field(default_factory=dict)

    def rule(self, name: str) -> Rule:
        """A rule of the graph engine, read once: a run is held to one state of it."""
        if name not in self.loaded:
            self.loaded[name] = load_rule(self.policies / "graph" / f"{name}.py")
        return self.loaded[name]

    def task(self, engine: str, given: Sequence[Subject], timeout: float = 600.0) -> Task:
        """The task of an engine on these subjects."""
        return Task(
            policies=self.policies,
            rules=self.rules[engine],
            thresholds=self.catalogue.thresholds,
            subjects=given,
            timeout=timeout,
        )


def caught(
    results: Iterable[Result], bench: Bench, before: frozenset[Key], variants: int = 1, source: Source | None = None
) -> tuple[Caught, ...]:
    """The findings that the gate would make of these results, without those that were there before."""
    said = [
        join.Said(result=result)
        for result in results
        if key(result) not in before and bench.catalogue.exclusion(result.rule) is None
    ]
    found = join.findings(said, bench.catalogue, source or bench.source, {}, variants)
    return tuple(
        sorted(
            {
                Caught(rule=rule, control=finding.control, resource=finding.resource or "*")
                for finding in found
                for rule in finding.rules
            }
        )
    )


def key(result: Result) -> Key:
    """What makes a result the same one as before."""
    return str(result.rule), result.resource, result.message


def failing(results: Iterable[Result], catalogue: Catalogue) -> frozenset[Key]:
    """The findings of a template before any fault."""
    return frozenset(
        key(result)
        for result in results
        if result.outcome in (Outcome.FAIL, Outcome.UNKNOWN) and catalogue.exclusion(result.rule) is None
    )


def is_right(found: Caught, mutant: Mutant) -> bool:
    """Whether a finding is of a control that must find the fault."""
    return not mutant.expected or found.control in mutant.expected


def judged_at_once(bench: Bench, workers: int | None = None) -> Iterator[Said]:
    """What graph and cfn-guard say of each mutant, as it comes. Two processes where the system can fork."""
    global _state
    _state = bench
    for number in range(len(bench.stages)):
        _before(bench, number)  # before the workers are there, so that they have it from the start
    count = workers or min(2, os.cpu_count() or 1)
    indices = range(len(bench.mutants))
    chunks = [list(indices[start : start + _CHUNK]) for start in range(0, len(bench.mutants), _CHUNK)]
    if count == 1 or "fork" not in multiprocessing.get_all_start_methods():
        for chunk in chunks:
            yield from _chunk(chunk)
        return
    with multiprocessing.get_context("fork").Pool(count, initializer=_undisturbed) as pool:
        for answers in pool.imap_unordered(_chunk, chunks):
            yield from answers


def _undisturbed() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle; it ends its workers


def _chunk(indices: Sequence[int]) -> list[Said]:
    assert _state is not None
    bench = _state
    trials = {index: attempt(bench.source, bench.mutants[index], bench.stages) for index in indices}
    given: dict[int, tuple[Subject, ...]] = {
        index: subjects(str(index), trial, trial.stage.file) for index, trial in trials.items() if trial.templates
    }
    results: dict[int, list[Result]] = {index: [] for index in given}
    failures: dict[int, str] = {}
    _guard(bench, given, {index: trial.changed for index, trial in trials.items()}, results, failures)
    found: list[Said] = []
    for index, trial in trials.items():
        number = list(bench.stages).index(trial.stage)
        base = Said(
            index=index,
            stage=number,
            same=trial.same,
            refused=trial.refused,
            changed=trial.changed,
            failure=trial.failure or failures.get(index, ""),
            variants=max(len(trial.templates), 1),
        )
        found.append(_graph(bench, base, given.get(index, ()), results.get(index, [])))
    return found


def _graph(bench: Bench, base: Said, given: Sequence[Subject], others: list[Result]) -> Said:
    """The rules of the expected controls; all of them where any finding counts."""
    if not given or base.failure:
        return base
    mutant = bench.mutants[base.index]
    before = _before(bench, base.stage)
    source = mutated(bench.source, mutant)
    right = {
        rule.rule
        for control in mutant.expected
        for rule in bench.catalogue.controls[control].rules
        if rule.engine == "graph"
    }
    names = [name for name in bench.rules["graph"] if name in right or not mutant.expected]
    try:
        results = [*others, *(result for subject in given for result in _judge(bench, subject, names))]
    except EngineFailure as failure:
        return replace(base, failure=str(failure))
    now = caught(results, bench, before, base.variants, source)
    return replace(base, caught=now)


def _judge(bench: Bench, subject: Subject, names: Sequence[str]) -> Iterator[Result]:
    engine = GraphEngine({subject.key: bench.access} if bench.access is not None else None)
    yield from engine.judge(subject, [bench.rule(name) for name in names], bench.catalogue.thresholds)


def _before(bench: Bench, stage: int) -> frozenset[Key]:
    """The findings of graph and cfn-guard before any fault."""
    if stage not in bench.before:
        one = bench.stages[stage]
        given = [
            rendered(Subject(key=f"before-{i}", template=template, rendered={}, environment=one.file))
            for i, template in enumerate(one.templates)
        ]
        found = [result for subject in given for result in _judge(bench, subject, bench.rules["graph"])]
        if bench.rules["cfn-guard"]:
            run = bench.guard.run(bench.task("cfn-guard", given))
            found += [result for results in run.results.values() for result in results]
        bench.before[stage] = failing(found, bench.catalogue)
    return bench.before[stage]


def _guard(
    bench: Bench,
    given: Mapping[int, Sequence[Subject]],
    changed: Mapping[int, frozenset[str]],
    results: dict[int, list[Result]],
    failures: dict[int, str],
) -> None:
    """cfn-guard on the changed resources of a chunk, in one call: it judges each resource alone."""
    asked = [rendered(subject, changed[index]) for index, group in given.items() for subject in group]
    asked = [subject for subject in asked if subject.template.resources]
    if not asked or not bench.rules["cfn-guard"]:
        return
    try:
        run = bench.guard.run(bench.task("cfn-guard", asked))
    except EngineFailure as failure:
        failures.update(dict.fromkeys(given, str(failure)))
        return
    for subject in asked:
        index = int(subject.key.split("-")[0])
        if subject.key in run.failures:
            failures[index] = run.failures[subject.key]
        results[index] += run.results.get(subject.key, ())
