"""Judge with the engines that are slow to start, on what the quick ones left and on what only these judge.

cfn-lint takes a third of a second a template, whatever was changed. So several mutants go into one template where they
can't meet: each changes one resource, and no two of these refer to each other. A match counts for the mutant in whose
resource it stands.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stackproof.catalogue import Catalogue
from stackproof.engines.cfnlint import CfnLintEngine, outcomes
from stackproof.engines.checkov import CheckovEngine
from stackproof.engines.protocol import EngineFailure, Run, Subject
from stackproof.findings.result import Result
from stackproof.mutate import tree
from stackproof.mutate.anew import changed_bodies
from stackproof.mutate.judging import Bench, Key, Said, caught, failing, is_right
from stackproof.mutate.model import Caught, Mutant
from stackproof.mutate.trial import attempt, mutated, rendered, subjects
from stackproof.template.model import Template

_TOGETHER = 40
"""Mutants in one template at most: with more, what they share shows less."""


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a slow engine says of a mutant."""

    index: int
    caught: tuple[Caught, ...] = ()
    failure: str = ""


def before(run: Run, catalogue: Catalogue) -> frozenset[Key]:
    """The findings of an engine before any fault.

    Raises: EngineFailure when it could not judge the template.
    """
    for failure in run.failures.values():
        raise EngineFailure(failure)
    return failing((result for results in run.results.values() for result in results), catalogue)


def checkov(
    bench: Bench, engine: CheckovEngine, asked: Sequence[Said], known: Mapping[int, frozenset[Key]]
) -> Iterator[Heard]:
    """checkov on the changed resources of mutants: its checks judge each resource alone."""
    for said in asked:
        trial = attempt(bench.source, bench.mutants[said.index], bench.stages)
        given = [rendered(subject, trial.changed) for subject in subjects(str(said.index), trial, trial.stage.file)]
        given = [subject for subject in given if subject.template.resources]
        if not given:
            continue
        run = engine.run(bench.task("checkov", given))
        if run.failures:
            yield Heard(index=said.index, failure=next(iter(run.failures.values())))
            continue
        results = [result for found in run.results.values() for result in found]
        yield Heard(index=said.index, caught=caught(results, bench, known[said.stage], said.variants))


@dataclass(kw_only=True)
class _Group:
    stage: int
    members: dict[str, int] = field(default_factory=dict)
    """The mutant of each resource."""
    blocked: set[str] = field(default_factory=set)


def cfn_lint(
    bench: Bench,
    engine: CfnLintEngine,
    asked: Sequence[Said],
    known: Mapping[int, frozenset[Key]],
    neighbours: Mapping[str, frozenset[str]],
    batch: int = 8,
) -> Iterator[Heard]:
    """cfn-lint on mutants: those that can't meet together, the others alone."""
    groups, alone = _grouped(bench, asked, neighbours)
    by_index = {said.index: said for said in asked}
    for start in range(0, len(groups), batch):
        for heard in _together(bench, engine, groups[start : start + batch], known):
            if heard.failure:  # one of them broke a rule of cfn-lint: which one?
                alone.append(by_index[heard.index])
            else:
                yield heard
    for start in range(0, len(alone), batch):
        yield from _alone(bench, engine, alone[start : start + batch], known)


def _grouped(
    bench: Bench, asked: Sequence[Said], neighbours: Mapping[str, frozenset[str]]
) -> tuple[list[_Group], list[Said]]:
    groups: list[_Group] = []
    alone: list[Said] = []
    for said in asked:
        mutant = bench.mutants[said.index]
        names = None if mutant.parameters else changed_bodies(bench.source.data, mutant.data)
        if names is None or len(names) != 1:
            alone.append(said)
            continue
        name = names[0]
        group = next(
            (
                one
                for one in groups
                if one.stage == said.stage and name not in one.blocked and len(one.members) < _TOGETHER
            ),
            None,
        )
        if group is None:
            group = _Group(stage=said.stage)
            groups.append(group)
        group.members[name] = said.index
        group.blocked |= {name, *neighbours.get(name, ())}
    return groups, alone


def _together(
    bench: Bench, engine: CfnLintEngine, groups: Sequence[_Group], known: Mapping[int, frozenset[Key]]
) -> Iterator[Heard]:
    given, focus = [], {}
    for number, group in enumerate(groups):
        data = bench.source.data
        for name, index in group.members.items():
            path = ("Resources", name)
            data = tree.replaced(data, path, tree.at(bench.mutants[index].data, path))
        merged = Mutant(path=(), description="", area=bench.mutants[0].area, expected=(), data=data)
        key = f"group-{number}"
        given.append(_subject(bench, merged, group.stage, key))
        focus[key] = frozenset(group.members)
    run = engine.run(bench.task("cfn-lint", given), focus)
    for number, group in enumerate(groups):
        key = f"group-{number}"
        failure = run.failures.get(key, "")
        for name, index in group.members.items():
            mine = [result for result in run.results.get(key, ()) if result.path[:2] == ("Resources", name)]
            found = () if failure else caught(mine, bench, known[group.stage])
            yield Heard(index=index, caught=found, failure=failure)


def _alone(
    bench: Bench, engine: CfnLintEngine, asked: Sequence[Said], known: Mapping[int, frozenset[Key]]
) -> Iterator[Heard]:
    given = [_subject(bench, bench.mutants[said.index], said.stage, str(said.index)) for said in asked]
    bodies = {said.index: changed_bodies(bench.source.data, bench.mutants[said.index].data) for said in asked}
    focus = {str(index): frozenset(names) for index, names in bodies.items() if names}
    run = engine.run(bench.task("cfn-lint", given), focus)
    for said in asked:
        key, rules = str(said.index), bench.rules["cfn-lint"]
        results: Sequence[Result] = run.results.get(key, ())
        failure = run.failures.get(key, "")
        if failure and "matches" in run.raw.get(key, {}):
            # A rule of cfn-lint broke on the nonsense; the gate ends with 3. What the others said of it counts as well.
            results = outcomes.results(run.raw[key], rules)
        found = caught(results, bench, known[said.stage])
        broken = "" if any(is_right(one, bench.mutants[said.index]) for one in found) else failure
        yield Heard(index=said.index, caught=found, failure=broken)


def _subject(bench: Bench, mutant: Mutant, stage: int, key: str) -> Subject:
    """cfn-lint reads the text and the environment's file only."""
    source = mutated(bench.source, mutant, text=True)
    return Subject(
        key=key,
        template=Template(source=source, resources={}),
        rendered={},
        environment=bench.stages[stage].file,
    )
