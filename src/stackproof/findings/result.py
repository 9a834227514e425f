"""What an engine says: for each rule each resource that it applies to, passes included."""

from dataclasses import dataclass

from stackproof.findings.outcome import Outcome

Path = tuple[str | int, ...]
"""A place in a template: ("Resources", "Bucket", "Properties", "BucketEncryption", 0)."""


@dataclass(frozen=True, kw_only=True, order=True)
class RuleId:
    """A rule of an engine, as the JSON contract writes it: {"engine": "graph", "rule": "s3_bucket_kms"}."""

    engine: str
    rule: str

    def __str__(self) -> str:
        return f"{self.engine}:{self.rule}"


@dataclass(frozen=True, kw_only=True)
class Result:
    """One rule's outcome (PASS, FAIL or UNKNOWN) for one resource.

    `resource` is the logical id, None where the rule speaks of the template as a whole. `path` is where the fault is,
    in the ORIGINAL template (before resolution), as deep as the engine can tell; () when it can't. `line` and
    `column` (from 1) only when the engine itself knows them; the gate finds them by the path otherwise. `message`
    says what is wrong here and is empty for a pass."""

    rule: RuleId
    resource: str | None
    outcome: Outcome
    path: Path = ()
    message: str = ""
    line: int | None = None
    column: int | None = None
