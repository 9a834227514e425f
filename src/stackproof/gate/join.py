"""Join what the engines say to the catalogue: findings for people, outcomes with their population for controls."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stackproof.catalogue import Catalogue, Control
from stackproof.findings.outcome import Outcome
from stackproof.findings.report import ControlResult, Finding
from stackproof.findings.result import Path, Result
from stackproof.template.model import Source

_WORST = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.WAIVED, Outcome.PASS)
_LONGEST = 400  # characters of a message; cfn-lint lists all values that would do
_WIDEST = 1000  # characters of a line that is shown: a minified file is one line, which thousands of findings may show
_CONTEXT = 1  # lines of the excerpt before and after


@dataclass(frozen=True, kw_only=True)
class Said:
    """A result, and under which variant it was said ('' when the template has one only)."""

    result: Result
    when: str = ""


def findings(
    said: Sequence[Said], catalogue: Catalogue, source: Source, types: Mapping[str, str], variants: int = 1
) -> tuple[Finding, ...]:
    """The findings of one template under one environment, those of one fault joined, in the order of the file.
    `types` are the resources' types by logical id, those of resources that a loop or a transform makes included."""
    groups: dict[tuple[str, str | None], _Faults] = {}
    for one in sorted(_bad(said), key=lambda s: -len(s.result.path)):  # the exact ones first, coarse ones join them
        for control in catalogue.of_rule(one.result.rule):
            groups.setdefault((control.id, one.result.resource), _Faults()).add(one)
    found = [
        _finding(catalogue.controls[control], group, source, types, variants)
        for (control, _), faults in groups.items()
        for group in faults.groups
    ]
    return tuple(sorted(found, key=lambda f: (f.line or 0, f.column or 0, f.control, f.message)))


def _bad(said: Iterable[Said]) -> Iterator[Said]:
    return (one for one in said if one.result.outcome in (Outcome.FAIL, Outcome.UNKNOWN))


@dataclass(kw_only=True)
class _Faults:
    """What is said of one resource for one control, by fault. One engine says the same of a place, by two rules or in
    two variants; or another engine means the same place, less exactly. What is less exact is added later."""

    groups: list[list[Said]] = field(default_factory=list)
    _same: dict[tuple[str, Path, str], int] = field(default_factory=dict)
    _around: dict[str, dict[Path, int]] = field(default_factory=dict)
    """By engine and each place around a fault the first one there: a file may have thousands at one resource."""

    def add(self, one: Said) -> None:
        """Put it to the fault that it means, else it is one of its own."""
        engine, path = one.result.rule.engine, one.result.path
        key = (engine, path, one.result.message)
        meant = [self._around[other][path] for other in self._around if other != engine and path in self._around[other]]
        if key in self._same:
            meant.append(self._same[key])
        if meant:
            self.groups[min(meant)].append(one)
            return
        self._same[key] = len(self.groups)
        places = self._around.setdefault(engine, {})
        for end in range(len(path) + 1):
            places.setdefault(path[:end], len(self.groups))
        self.groups.append([one])


def _finding(control: Control, group: list[Said], source: Source, types: Mapping[str, str], variants: int) -> Finding:
    worst = [one.result for one in group if one.result.outcome is Outcome.FAIL] or [one.result for one in group]
    first = worst[0]
    # checkov's messages are the titles of its checks; the others say what is wrong here.
    told = next((one for one in worst if one.rule.engine != "checkov"), first).message
    exact = next((one.result for one in group if one.result.line), None)
    span = source.span(first.path)
    line = exact.line if exact else span.line if span else None
    column = exact.column if exact else span.column if span else None
    when = sorted({one.when for one in group})
    return Finding(
        rules=tuple(dict.fromkeys(one.result.rule for one in group)),
        control=control.id,
        area=control.area,
        severity=control.severity,
        outcome=first.outcome,
        resource=first.resource,
        resource_type=types.get(first.resource or ""),
        path=first.path,
        line=line,
        column=column,
        message=told if len(told) <= _LONGEST else f"{told[:_LONGEST]} ...",
        fix=control.fix,
        when="" if len(when) == variants else " or ".join(when),
        excerpt=excerpt(source, line),
    )


def excerpt(source: Source, line: int | None) -> tuple[tuple[int, str], ...]:
    """The lines around a line, with their numbers; () where one of them is too wide to be of use."""
    if line is None:
        return ()
    lines = source.lines
    first, last = max(1, line - _CONTEXT), min(len(lines), line + _CONTEXT)
    around = tuple((number, lines[number - 1]) for number in range(first, last + 1))
    return () if any(len(text) > _WIDEST for _, text in around) else around


def controls(
    said: Sequence[Said],
    found: Sequence[Finding],
    catalogue: Catalogue,
    evaluated: Container[str],
    broken: Container[str] = (),
) -> tuple[ControlResult, ...]:
    """Every control with its population. `evaluated` are the controls that were to be; `broken` the engines that
    failed: what rests on one of them has not passed, whatever the others say."""
    by_control: dict[str, dict[str, Outcome]] = {}
    for one in said:
        if one.result.outcome is Outcome.PASS:
            for control in catalogue.of_rule(one.result.rule):
                _worse(by_control, control.id, one.result.resource, Outcome.PASS)
    for finding in found:
        outcome = Outcome.WAIVED if finding.waiver else finding.outcome
        _worse(by_control, finding.control, finding.resource, outcome)
    return tuple(
        _control(control, by_control.get(control.id, {}), _unless_worse(control, evaluated, broken))
        for control in catalogue.controls.values()
    )


def _worse(by_control: dict[str, dict[str, Outcome]], control: str, resource: str | None, outcome: Outcome) -> None:
    resources = by_control.setdefault(control, {})
    name = resource or "*"
    known = resources.get(name)
    if known is None or _WORST.index(outcome) < _WORST.index(known):
        resources[name] = outcome


def _unless_worse(control: Control, evaluated: Container[str], broken: Container[str]) -> Outcome:
    if control.id not in evaluated or any(rule.engine in broken for rule in control.rules):
        return Outcome.NOT_EVALUATED
    return Outcome.NOT_APPLICABLE


def _control(control: Control, resources: Mapping[str, Outcome], otherwise: Outcome) -> ControlResult:
    def having(outcome: Outcome) -> tuple[str, ...]:
        return tuple(name for name, value in resources.items() if value is outcome)

    worst = next((outcome for outcome in _WORST if outcome in resources.values()), None)
    return ControlResult(
        id=control.id,
        title=control.title,
        area=control.area,
        severity=control.severity,
        outcome=worst if worst and (worst is not Outcome.PASS or otherwise is not Outcome.NOT_EVALUATED) else otherwise,
        rules=control.rules,
        frameworks=control.frameworks,
        passed=having(Outcome.PASS),
        failed=having(Outcome.FAIL),
        unknown=having(Outcome.UNKNOWN),
        waived=having(Outcome.WAIVED),
        why=control.why,
        fix=control.fix,
    )
