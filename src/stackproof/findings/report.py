"""The gate's report, as data: what each reporter renders and what the JSON contract `stackproof.gate/1` writes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stackproof.findings.outcome import Area, Outcome, Severity, Verdict
from stackproof.findings.result import Path, RuleId


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """An accepted exception, as it stands in waivers.yaml. Exactly one of `control` and `rule` is given; `expires` is
    an ISO date; `line` is where it stands in `file`."""

    control: str | None
    rule: str | None
    resource: str
    reason: str
    owner: str
    approver: str
    expires: str
    file: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fault at one place, with every rule that found it. `path` is the place in the original template; `excerpt`
    holds (line number, text) around `line`, for people. `fix` comes from the catalogue. `when` says under which
    assignment of undecided conditions it shows ('' when under all). `file` is where `line` is when that is not the
    template (a waiver that has expired stands in its waivers.yaml)."""

    rules: tuple[RuleId, ...]
    control: str
    area: Area
    severity: Severity
    outcome: Outcome  # FAIL or UNKNOWN; a waived finding keeps its outcome and has a waiver
    resource: str | None
    resource_type: str | None
    path: Path
    line: int | None
    column: int | None
    message: str
    fix: str
    waiver: Waiver | None = None
    when: str = ""
    excerpt: tuple[tuple[int, str], ...] = ()
    file: str | None = None


@dataclass(frozen=True, kw_only=True)
class EngineStatus:
    """How an engine did: `status` is ok, failed or left_out; `error` is the sentence that says why it failed; `rules`
    is the number of rules that were evaluated."""

    name: str
    version: str
    status: str
    error: str | None
    rules: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class ControlResult:
    """One control on one template: its outcome and its whole population by outcome (logical ids; a template-wide rule
    counts as the resource "*"). `why` and `fix` are the catalogue's prose."""

    id: str
    title: str
    area: Area
    severity: Severity
    outcome: Outcome
    rules: tuple[RuleId, ...]
    frameworks: Mapping[str, tuple[str, ...]]
    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    waived: tuple[str, ...] = ()
    why: str = ""
    fix: str = ""


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """A suppression inside the template (metadata, comment) that hides nothing, reported."""

    tool: str
    text: str
    resource: str | None
    line: int | None


@dataclass(frozen=True, kw_only=True)
class Report:
    """One template under one environment. `template` is the path as the user gave it; `environment` None where the
    template has none."""

    template: str
    sha256: str
    environment: str | None
    verdict: Verdict
    engines: tuple[EngineStatus, ...]
    controls: tuple[ControlResult, ...]
    findings: tuple[Finding, ...]
    suppressions: tuple[Suppression, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Whether everything was checked; `left_out` names what was not ("engine checkov", "control iam-trust")."""

    complete: bool
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Problem:
    """An error of the run that is no finding: an unreadable template, a failed engine. `exit_code` is 2 or 3."""

    path: str | None
    message: str
    exit_code: int


@dataclass(frozen=True, kw_only=True)
class GateReport:
    """All reports of one call. `requirements` has short titles of requirements, by framework and id.
    Findings milder than `fail_on` change no verdict; None: every severity fails."""

    verdict: Verdict
    scope: Scope
    reports: tuple[Report, ...]
    errors: tuple[Problem, ...] = ()
    exit_code: int = 0
    notes: tuple[str, ...] = field(default=())
    requirements: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fail_on: Severity | None = None
