"""The reports of one template under its environments, taken together: what is the same is shown once, and named."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from stackproof.findings.outcome import Verdict
from stackproof.findings.report import ControlResult, Finding, Report, Suppression
from stackproof.reporters._text import plain

Identity = tuple[object, ...]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One template. `all` has each finding, control and suppression of its reports once; its verdict and engines are
    those of the first report and mean nothing. `where` names the environments of a finding, by its identity."""

    all: Report
    reports: tuple[Report, ...]
    where: Mapping[Identity, tuple[str, ...]]

    def environments(self, finding: Finding) -> tuple[str, ...]:
        """Where a finding shows; () where the template has only one report, so that there is nothing to say."""
        return self.where[identity(finding)] if len(self.reports) > 1 else ()

    def alike(self, what: Callable[[Report], object]) -> Iterator[tuple[Report, str]]:
        """One report of those in which `what` is the same; with the names of their environments where others differ."""
        chosen: dict[str, list[Report]] = {}
        for report in self.reports:
            chosen.setdefault(repr(what(report)), []).append(report)
        for same in chosen.values():
            names = ", ".join(plain(each.environment or "no environment") for each in same)
            yield same[0], names if len(chosen) > 1 else ""

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to tell about it but that it passed."""
        passed = all(report.verdict is Verdict.PASS for report in self.reports)
        return passed and not self.all.findings and not self.all.suppressions


def sheets(reports: Iterable[Report]) -> list[Sheet]:
    """The reports by template, in their order."""
    chosen: dict[tuple[str, str], list[Report]] = {}
    for report in reports:
        chosen.setdefault((report.template, report.sha256), []).append(report)
    return [_sheet(tuple(mine)) for mine in chosen.values()]


def identity(finding: Finding) -> Identity:
    """What makes a finding the same in two environments, whichever engines found it there."""
    place = (finding.resource, finding.path, finding.line, finding.file)
    return finding.control, finding.outcome, place, finding.message, finding.when, finding.waiver


def _sheet(reports: tuple[Report, ...]) -> Sheet:
    findings: dict[Identity, Finding] = {}
    where: dict[Identity, list[str]] = {}
    controls: dict[str, ControlResult] = {}
    suppressions: dict[Suppression, None] = {}
    for report in reports:
        for finding in report.findings:
            key = identity(finding)
            known = findings.setdefault(key, finding)
            rules = tuple(dict.fromkeys((*known.rules, *finding.rules)))
            findings[key] = known if rules == known.rules else replace(known, rules=rules)
            names = where.setdefault(key, [])
            name = plain(report.environment or "no environment")
            if name not in names:
                names.append(name)
        controls = {control.id: control for control in report.controls} | controls
        suppressions |= dict.fromkeys(report.suppressions)
    return Sheet(
        all=replace(
            reports[0],
            findings=tuple(findings.values()),
            controls=tuple(controls.values()),
            suppressions=tuple(suppressions),
        ),
        reports=reports,
        where={key: tuple(names) for key, names in where.items()},
    )
