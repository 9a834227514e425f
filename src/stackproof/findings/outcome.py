"""Outcomes and verdicts."""

from enum import StrEnum


class Outcome(StrEnum):
    """What became of a rule on a resource, or of a control as a whole.

    `UNKNOWN`: a value that the rule needs is not known, so it did not pass. `NOT_EVALUATED`: left out of a narrowed
    run."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"
    NOT_EVALUATED = "not_evaluated"
    WAIVED = "waived"


class Verdict(StrEnum):
    """Of a report or of a whole run. `ERROR`: an engine or rule failed, or nothing was evaluated: nothing is proven."""

    PASS = "pass"
    FAIL = "fail"
    ERROR = "error"


class Severity(StrEnum):
    """How bad a finding of a control is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


class Area(StrEnum):
    """The areas of the catalogue, in the order in which reports show them."""

    ENCRYPTION = "encryption"
    RECOVERY = "recovery"
    RETENTION = "retention"
    IAM = "iam"
    TAGGING = "tagging"
    ALARMS = "alarms"
    NETWORK = "network"
    LOGGING = "logging"
    RESILIENCE = "resilience"
    SECRETS = "secrets"
    CONTRACT = "contract"
    LINT = "lint"
