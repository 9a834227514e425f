"""A whole run: seed, judge with the quick engines, with the slow ones what is left, and say what became of each."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from stackproof.deployment import Deployment
from stackproof.engines.cfnlint import CfnLintEngine
from stackproof.engines.checkov import CheckovEngine
from stackproof.engines.protocol import Run, Subject
from stackproof.errors import StackproofError
from stackproof.findings.result import RuleId
from stackproof.mutate import equivalence, slow, speaks
from stackproof.mutate.judging import Bench, Key, Said, is_right, judged_at_once
from stackproof.mutate.model import Caught, Judged, MutationReport, Status
from stackproof.mutate.seeding import NAMES, Settings, seed
from stackproof.mutate.target import Target
from stackproof.mutate.trial import rendered, stage
from stackproof.template.model import Source

Tell = Callable[[str, int, int], None]
"""Progress: what is being done, how many are done, of how many."""


@dataclass(kw_only=True)
class _Course:
    """How a run stands: what was caught of each mutant so far."""

    bench: Bench
    said: dict[int, Said] = field(default_factory=dict)
    caught: dict[int, list[Caught]] = field(default_factory=dict)
    failures: dict[int, str] = field(default_factory=dict)

    def take(self, heard: slow.Heard) -> None:
        """What a slow engine said."""
        self.caught.setdefault(heard.index, []).extend(heard.caught)
        if heard.failure:
            self.failures[heard.index] = heard.failure

    def is_killed(self, index: int) -> bool:
        """Whether an expected control found it."""
        mutant = self.bench.mutants[index]
        return any(is_right(one, mutant) for one in self.caught.get(index, ()))

    def open(self) -> list[Said]:
        """Those that nothing has decided yet."""
        return [
            one
            for index, one in sorted(self.said.items())
            if not one.same and not one.refused and index not in self.failures and not self.is_killed(index)
        ]


def run(source: Source, deployments: Sequence[Deployment | None], settings: Settings, tell: Tell) -> MutationReport:
    """Seed and judge.

    Raises: StackproofError when the template can't be read under an environment, EngineFailure when an engine can say
    nothing at all.
    """
    start = time.monotonic()
    stages = [stage(source, deployment) for deployment in deployments]
    tell("seeding faults", 0, 0)
    mutants = seed(source, stages, settings)
    if not mutants:
        raise StackproofError(f"{source.path}: no operator finds anything to change here.")
    bench = Bench(
        source=source,
        mutants=mutants,
        stages=stages,
        catalogue=settings.catalogue,
        policies=settings.policies,
        rules={name: settings.rules.get(name, ()) for name in NAMES},
        access=settings.access,
    )
    course = _Course(bench=bench)
    quick = judged_at_once(bench, settings.workers)
    _quick(course, quick, tell)
    versions, before = _slow(course, tell)
    judged = tuple(_verdict(course, index) for index in range(len(mutants)))
    return MutationReport(
        template=source.path,
        sha256=source.sha256,
        environments=tuple(str(one.name) for one in stages if one.name),
        judged=judged,
        idle=_idle(bench, judged),
        baseline=before,
        engines=versions,
        failures=tuple(dict.fromkeys(course.failures.values())),
        seconds=time.monotonic() - start,
        left_out=_left_out(bench, settings),
    )


def _left_out(bench: Bench, settings: Settings) -> tuple[str, ...]:
    engines = [f"engine {name}" for name in NAMES if not bench.rules[name]]
    more = [f"faults after the first {settings.sample} of a kind"] if settings.sample is not None else []
    areas = [f"faults of other areas than {', '.join(sorted(settings.areas))}"] if settings.areas else []
    return (*engines, *more, *areas)


def _quick(course: _Course, answers: Iterable[Said], tell: Tell) -> None:
    total = len(course.bench.mutants)
    for done, said in enumerate(answers, 1):
        course.said[said.index] = said
        course.caught[said.index] = list(said.caught)
        if said.failure:
            course.failures[said.index] = said.failure
        tell("graph and cfn-guard", done, total)


def _slow(course: _Course, tell: Tell) -> tuple[dict[str, str], int]:
    """checkov and cfn-lint; gives the versions of all engines and the number of findings before any fault."""
    bench = course.bench
    versions = {"graph": _graph_version(), "cfn-guard": bench.guard.version() if bench.rules["cfn-guard"] else ""}
    count = sum(len(keys) for keys in bench.before.values())
    checkov, lint = CheckovEngine(), CfnLintEngine()
    with checkov.session(), lint, ThreadPoolExecutor(2) as pool:
        started = {
            name: pool.submit(_before, bench, engine)
            for name, engine in (("checkov", checkov), ("cfn-lint", lint))
            if bench.rules[name]
        }
        if "checkov" in started:
            tell("checkov starts", 0, 0)
            known, runs = _known(bench, started["checkov"])
            versions["checkov"] = runs[0].version
            _with_checkov(course, checkov, known, tell)
            count += len(known[0])
        if "cfn-lint" in started:
            known, runs = _known(bench, started["cfn-lint"])
            versions["cfn-lint"] = runs[0].version
            _with_lint(course, lint, known, tell)
            count += len(known[0])
    _others(course, tell)
    return {name: version for name, version in versions.items() if version}, count


def _before(bench: Bench, engine: CheckovEngine | CfnLintEngine) -> list[Run]:
    """An engine on the template without any fault, under each environment."""
    runs = []
    for one in bench.stages:
        given = [
            rendered(Subject(key=f"before-{i}", template=template, rendered={}, environment=one.file))
            for i, template in enumerate(one.templates)
        ]
        runs.append(engine.run(bench.task(engine.name, given)))
    return runs


def _known(bench: Bench, future: "Future[list[Run]]") -> tuple[dict[int, frozenset[Key]], list[Run]]:
    runs = future.result()
    return {number: slow.before(one, bench.catalogue) for number, one in enumerate(runs)}, runs


def _with_checkov(course: _Course, engine: CheckovEngine, known: Mapping[int, frozenset[Key]], tell: Tell) -> None:
    """On every mutant of which a control with checks of checkov is expected to speak."""
    bench = course.bench
    asked = [
        said
        for index, said in sorted(course.said.items())
        if not (said.same or said.refused or said.failure) and _expects(bench, index, "checkov")
    ]
    for done, heard in enumerate(slow.checkov(bench, engine, asked, known), 1):
        course.take(heard)
        tell("checkov", done, len(asked))


def _with_lint(course: _Course, engine: CfnLintEngine, known: Mapping[int, frozenset[Key]], tell: Tell) -> None:
    """On what is left, where cfn-lint can have something to say."""
    asked = [
        said
        for said in course.open()
        if not course.bench.mutants[said.index].needs_record and _expects(course.bench, said.index, "cfn-lint")
    ]
    neighbours = _neighbours(course.bench)
    for done, heard in enumerate(slow.cfn_lint(course.bench, engine, asked, known, neighbours), 1):
        course.take(heard)
        tell("cfn-lint", done, len(asked))


def _others(course: _Course, tell: Tell) -> None:
    """Of what survived: which other controls caught it, by the quick engines."""
    mutants = course.bench.mutants
    left = [s.index for s in course.open() if mutants[s.index].expected and not mutants[s.index].needs_record]
    any_control = tuple(replace(mutants[index], expected=()) for index in left)
    bench = replace(course.bench, mutants=any_control)
    for done, said in enumerate(judged_at_once(bench), 1):
        course.caught.setdefault(left[said.index], []).extend(said.caught)
        tell("survivors", done, len(left))


def _expects(bench: Bench, index: int, engine: str) -> bool:
    expected = bench.mutants[index].expected or tuple(bench.catalogue.controls)
    return any(rule.engine == engine for control in expected for rule in bench.catalogue.controls[control].rules)


def _neighbours(bench: Bench) -> Mapping[str, frozenset[str]]:
    target = Target(
        source=bench.source,
        template=bench.stages[0].templates[0],
        parameters={},
        speaks=speaks.load(),
        catalogue=bench.catalogue,
    )
    found: dict[str, set[str]] = {}
    for name, holders in target.referrers.items():
        for holder in holders:
            found.setdefault(name, set()).add(holder)
            found.setdefault(holder, set()).add(name)
    return {name: frozenset(others) for name, others in found.items()}


def _verdict(course: _Course, index: int) -> Judged:
    bench, said = course.bench, course.said[index]
    mutant = bench.mutants[index]
    span = bench.source.span(mutant.path)
    found = dict.fromkeys(course.caught.get(index, ()))
    base = Judged(
        mutant=mutant,
        status=Status.SURVIVED,
        killed_by=tuple(one for one in found if is_right(one, mutant)),
        others=tuple(one for one in found if not is_right(one, mutant)),
        line=span.line if span else None,
        environment=bench.stages[said.stage].name,
    )
    if index in course.failures:
        return replace(base, status=Status.FAILED, reason=course.failures[index])
    if said.same:
        return replace(base, status=Status.EQUIVALENT, reason=equivalence.SAME)
    if mutant.needs_record:
        return replace(base, status=Status.NEEDS_RECORD, reason=mutant.needs_record)
    if said.refused:
        return replace(base, status=Status.KILLED, reason=f"no template any more: {said.refused}")
    if base.killed_by:
        return replace(base, status=Status.KILLED)
    why = equivalence.reason(mutant, bench.stages)
    return replace(base, status=Status.EQUIVALENT if why else Status.SURVIVED, reason=why)


def _idle(bench: Bench, judged: Sequence[Judged]) -> tuple[RuleId, ...]:
    """The rules that could have killed something here (a fault was expected of their control) and did not; a prefix of
    cfn-lint's is idle when no rule of it killed."""
    asked = {control for one in judged for control in one.mutant.expected}
    worked = {one.rule for verdict in judged for one in verdict.killed_by}
    return tuple(
        RuleId(engine=engine, rule=name)
        for engine in NAMES
        for name in bench.rules[engine]
        if bench.catalogue.of_rule(RuleId(engine=engine, rule=name))[0].id in asked
        and not any(rule.engine == engine and rule.rule.startswith(name) for rule in worked)
    )


def _graph_version() -> str:
    from stackproof import __version__

    return __version__
