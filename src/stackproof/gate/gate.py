"""The gate as a whole: inputs and a selection in, a report out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from stackproof.catalogue import GATE, Catalogue
from stackproof.engines.protocol import Engine, Subject, Task
from stackproof.errors import EngineError
from stackproof.findings.outcome import Outcome, Severity, Verdict
from stackproof.findings.report import EngineStatus, Finding, GateReport, Problem, Report, Scope, Waiver
from stackproof.findings.result import RuleId
from stackproof.gate import join, waivers
from stackproof.gate.inputs import Inputs, Judged, Stack
from stackproof.gate.running import Progress, Ran, run_all
from stackproof.gate.scope import ENGINES, Selection
from stackproof.gate.suppressions import suppressions

_WAIVERS = RuleId(engine=GATE, rule="waivers")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run of the gate is held to. `fail_on` is the least severity that fails; `today` is the date of waivers."""

    catalogue: Catalogue
    policies: Path
    selection: Selection
    today: date
    fail_on: Severity = Severity.LOW
    timeout: float = 600.0


def judge(inputs: Inputs, engines: Sequence[Engine], settings: Settings, progress: Progress) -> GateReport:
    """Judge all that was gathered. What can't be judged is an error in the report, and never a pass."""
    subjects = [subject for stack in inputs.stacks for judged in stack.judged for subject in judged.subjects]
    ran = _run(engines, subjects, settings, progress) if subjects else {}
    problems = list(inputs.problems)
    reports: list[Report] = []
    for stack in inputs.stacks:
        progress(f"joining the results of {stack.path}")
        reports += _reports(stack, ran, settings, problems)
    code = _exit_code(reports, problems, settings.fail_on)
    scope = settings.selection.scope
    if inputs.left_out:
        scope = Scope(complete=False, left_out=(*scope.left_out, *inputs.left_out))
    return GateReport(
        verdict=(Verdict.PASS, Verdict.FAIL, Verdict.ERROR, Verdict.ERROR)[code],
        scope=scope,
        reports=tuple(reports),
        errors=tuple(problems),
        exit_code=code,
        notes=tuple(dict.fromkeys(_remarks(inputs, ran))),
        requirements={name: framework.requirements for name, framework in settings.catalogue.frameworks.items()},
    )


def _remarks(inputs: Inputs, ran: Mapping[str, Ran]) -> Iterator[str]:
    """What engines remark without calling it a fault, each once: shown, and never failing."""
    for stack in inputs.stacks:
        for judged in stack.judged:
            for subject in judged.subjects:
                for one in ran.values():
                    for remark in one.run.informational.get(subject.key, ()) if one.run else ():
                        place = f"{stack.path}:{remark.line}" if remark.line else stack.path
                        yield f"{place}: {remark.message} ({remark.rule})"


def _run(
    engines: Sequence[Engine], subjects: Sequence[Subject], settings: Settings, progress: Progress
) -> dict[str, Ran]:
    tasks = {
        engine.name: Task(
            policies=settings.policies,
            rules=settings.selection.rules[engine.name],
            thresholds=settings.catalogue.thresholds,
            subjects=subjects,
            timeout=settings.timeout,
        )
        for engine in engines
    }
    progress(f"{', '.join(tasks)} on {len(subjects)} rendered template{'s' if len(subjects) != 1 else ''}")
    return run_all(engines, tasks, progress)


def _reports(stack: Stack, ran: Mapping[str, Ran], settings: Settings, problems: list[Problem]) -> list[Report]:
    joined = [_joined(judged, ran, settings) for judged in stack.judged]
    waived = [waivers.apply(found, stack.waivers, settings.today) for _, found in joined]
    used = set().union(*(matched for _, matched in waived)) if waived else set()
    about = _about_waivers(stack, used, settings, _evaluated(stack, ran, settings))
    reports = []
    for judged, (said, _), (found, _) in zip(stack.judged, joined, waived, strict=True):
        engines = _engines(judged, ran, settings.selection)
        problems += [
            Problem(path=stack.path, message=engine.error or f"{engine.name} failed.", exit_code=3)
            for engine in engines
            if engine.status == "failed" and not _known(problems, stack.path, engine.error)
        ]
        if not said and not any(engine.status == "failed" for engine in engines):
            problems.append(Problem(path=stack.path, message=_NOTHING, exit_code=3))
        reports.append(_report(stack, judged, said, (*found, *about), engines, settings))
    return reports


_NOTHING = "no rule had anything to say about this template: nothing was evaluated, so nothing is proven."


def _known(problems: Iterable[Problem], path: str, message: str | None) -> bool:
    return any(problem.path == path and problem.message == message for problem in problems)


def _joined(judged: Judged, ran: Mapping[str, Ran], settings: Settings) -> tuple[list[join.Said], tuple[Finding, ...]]:
    said = [
        join.Said(result=result, when=_when(subject))
        for one in ran.values()
        if one.run is not None
        for subject in judged.subjects
        for result in one.run.results.get(subject.key, ())
        if settings.catalogue.exclusion(result.rule) is None
        and any(control.id in settings.selection.controls for control in settings.catalogue.of_rule(result.rule))
    ]
    variants = len({_when(subject) for subject in judged.subjects})
    types = {name: resource.type for s in judged.subjects for name, resource in s.template.resources.items()}
    return said, join.findings(said, settings.catalogue, judged.source, types, variants)


def _when(subject: Subject) -> str:
    variant = subject.template.variant
    return ", ".join(f"{name} is {'true' if truth else 'false'}" for name, truth in variant.items())


def _evaluated(stack: Stack, ran: Mapping[str, Ran], settings: Settings) -> frozenset[RuleId]:
    """The rules that ran on this stack in every environment."""
    engines = [_engines(judged, ran, settings.selection) for judged in stack.judged]
    ok = {name for name in ran if all(one.status == "ok" for known in engines for one in known if one.name == name)}
    return frozenset(
        rule
        for control in settings.catalogue.controls.values()
        if control.id in settings.selection.controls and stack.every_environment
        for rule in control.rules
        if rule.engine in ok
    )


def _ran(rules: frozenset[RuleId], evaluated: frozenset[RuleId]) -> bool:
    """Whether all rules of a waiver ran; the schema engine stands in for cfn-lint in quick runs and runs in no
    other."""
    return evaluated.issuperset(rule for rule in rules if rule.engine in ENGINES)


def _about_waivers(
    stack: Stack, used: set[Waiver], settings: Settings, evaluated: frozenset[RuleId]
) -> tuple[Finding, ...]:
    control = settings.catalogue.of_rule(_WAIVERS)
    if not control or control[0].id not in settings.selection.controls:
        return ()
    file = stack.waivers
    faults = list(file.faults)
    told = [*waivers.overdue(file, settings.today), *waivers.unknown_names(file, settings.catalogue)]
    said = {*used, *(waiver for waiver, _ in told)}
    told += [
        (waiver, waivers.unused(waiver))
        for waiver in file.waivers
        if waiver not in said and _ran(waivers.speaks_of(waiver, settings.catalogue), evaluated)
    ]
    faults += [waivers.Fault(message=text, file=w.file, line=w.line, resource=w.resource) for w, text in told]
    return tuple(
        Finding(
            rules=(_WAIVERS,),
            control=control[0].id,
            area=control[0].area,
            severity=control[0].severity,
            outcome=Outcome.FAIL,
            resource=fault.resource if fault.resource != "*" else None,
            resource_type=None,
            path=(),
            line=fault.line,
            column=1,
            message=fault.message,
            fix=control[0].fix,
            file=fault.file,
        )
        for fault in faults
    )


def _engines(judged: Judged, ran: Mapping[str, Ran], selection: Selection) -> tuple[EngineStatus, ...]:
    return tuple(
        _status(name, judged, ran.get(name)) for name in (*ENGINES, *(n for n in selection.rules if n not in ENGINES))
    )


def _status(name: str, judged: Judged, ran: Ran | None) -> EngineStatus:
    if ran is None:
        return EngineStatus(name=name, version="", status="left_out", error=None, rules=0, seconds=0.0)
    error = ran.error
    if ran.run is not None:
        failures = (ran.run.failures.get(subject.key, "") for subject in judged.subjects)
        skipped = (s.key for s in judged.subjects if s.key not in ran.run.results and s.key not in ran.run.failures)
        error = next((f for f in failures if f), "") or next(
            (f"{name} skipped {judged.source.path}: it said nothing about it." for _ in skipped), ""
        )
    if error and name not in error:
        error = f"{name}: {error}"  # a sentence in a report stands far from the engine that said it
    return EngineStatus(
        name=name,
        version=ran.version,
        status="failed" if error else "ok",
        error=error or None,
        rules=ran.run.rules if ran.run else 0,
        seconds=round(ran.seconds, 3),
    )


def _report(
    stack: Stack,
    judged: Judged,
    said: list[join.Said],
    found: tuple[Finding, ...],
    engines: tuple[EngineStatus, ...],
    settings: Settings,
) -> Report:
    running = {GATE, *settings.selection.rules}
    evaluated = {
        control.id
        for control in settings.catalogue.controls.values()
        if control.id in settings.selection.controls and any(rule.engine in running for rule in control.rules)
    }
    broken = {engine.name for engine in engines if engine.status == "failed"}
    failing = any(not f.waiver and f.severity.rank <= settings.fail_on.rank for f in found)
    return Report(
        template=stack.path,
        sha256=judged.source.sha256,
        environment=judged.name,
        verdict=Verdict.ERROR if broken or not said else Verdict.FAIL if failing else Verdict.PASS,
        engines=engines,
        controls=join.controls(said, found, settings.catalogue, evaluated, broken),
        findings=found,
        suppressions=suppressions(judged.source),
    )


def _exit_code(reports: Sequence[Report], problems: Sequence[Problem], fail_on: Severity) -> int:
    codes = [problem.exit_code for problem in problems]
    codes += [1 for report in reports if report.verdict is Verdict.FAIL]
    codes += [1 for r in reports for f in r.findings if not f.waiver and f.severity.rank <= fail_on.rank]
    codes += [3 for report in reports if report.verdict is Verdict.ERROR]
    if not reports and not problems:
        raise EngineError("Nothing was judged.")
    return max(codes, default=0)
