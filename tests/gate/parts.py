"""What the gate's tests are made of: a small catalogue, templates as text, engines that say what a test wants."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from stackproof.catalogue import Catalogue, Control
from stackproof.engines.protocol import Run, Task
from stackproof.findings.outcome import Area, Outcome, Severity
from stackproof.findings.result import Result, RuleId
from stackproof.gate.gate import Settings
from stackproof.gate.scope import select

TEMPLATE = """\
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration:
        Status: Suspended
  Topic:
    Type: AWS::SNS::Topic
"""
VERSIONING = ("Resources", "Bucket", "Properties", "VersioningConfiguration")
TODAY = date(2026, 11, 26)


def control(name: str, *rules: str, area: Area = Area.RECOVERY, severity: Severity = Severity.HIGH) -> Control:
    return Control(
        id=name,
        title=name.capitalize(),
        area=area,
        severity=severity,
        why="Because.",
        fix="Do it.",
        rules=tuple(RuleId(engine=r.split(":")[0], rule=r.split(":")[1]) for r in rules),
        frameworks={"PCI": ("1.1",)},
    )


def catalogue(*controls: Control) -> Catalogue:
    chosen = controls or (
        control("versioning", "cfn-guard:versioning", "checkov:CKV_AWS_21"),
        control("topic-key", "graph:topic_key", area=Area.ENCRYPTION, severity=Severity.LOW),
        control("lint", "cfn-lint:E", area=Area.LINT),
        control("waivers", "gate:waivers", area=Area.CONTRACT),
    )
    return Catalogue(controls={one.id: one for one in chosen}, thresholds={}, frameworks={})


def result(
    rule: str, resource: str | None = "Bucket", outcome: Outcome = Outcome.PASS, path: tuple[str | int, ...] = ()
) -> Result:
    engine, name = rule.split(":")
    message = "" if outcome is Outcome.PASS else f"{name} does not hold"
    return Result(rule=RuleId(engine=engine, rule=name), resource=resource, outcome=outcome, path=path, message=message)


class Fake:
    """An engine that says the same of every subject, or does what `acts` does."""

    def __init__(self, name: str, *results: Result, acts: Callable[[Task], Run] | None = None) -> None:
        self.name = name
        self.ran: list[Task] = []
        self.closed = False
        self._results = results
        self._acts = acts

    def version(self) -> str:
        return "1"

    def close(self) -> None:
        self.closed = True

    def run(self, task: Task) -> Run:
        self.ran.append(task)
        if self._acts:
            return self._acts(task)
        return Run(version="1", rules=len(task.rules), results={s.key: self._results for s in task.subjects})


def engines(**instead: Fake) -> list[Fake]:
    """All four, content with everything, but for those given by name (`cfn_lint=...`)."""
    good = {
        "cfn_lint": Fake("cfn-lint", result("cfn-lint:E")),
        "cfn_guard": Fake("cfn-guard", result("cfn-guard:versioning")),
        "checkov": Fake("checkov", result("checkov:CKV_AWS_21")),
        "graph": Fake("graph", result("graph:topic_key", "Topic")),
    }
    return list((good | instead).values())


def settings(known: Catalogue | None = None, **options: Any) -> Settings:
    known = known or catalogue()
    selection: Mapping[str, Sequence[str]] = options.pop("selection", {})
    return Settings(
        catalogue=known,
        policies=Path("policies"),
        selection=select(known, **selection),  # type: ignore[arg-type]
        today=TODAY,
        **options,
    )
