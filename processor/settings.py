"""Settings of a batch job, read once from its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import UsageError

_NAMES = {
    "batch_id": "BATCH_ID",
    "input_bucket": "INPUT_BUCKET",
    "input_key": "INPUT_KEY",
    "input_version_id": "INPUT_VERSION_ID",
    "results_bucket": "RESULTS_BUCKET",
    "job_id": "AWS_BATCH_JOB_ID",
    "job_attempt": "AWS_BATCH_JOB_ATTEMPT",
}


@dataclass(frozen=True, kw_only=True)
class JobSettings:
    """What one attempt of one job is to do."""

    batch_id: str
    input_bucket: str
    input_key: str
    input_version_id: str
    results_bucket: str
    job_id: str
    job_attempt: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> JobSettings:
        """Take the settings from `environment`; UsageError names every variable that is missing or empty."""
        missing = [name for name in _NAMES.values() if not environment.get(name)]
        if missing:
            raise UsageError(
                f"missing environment variables: {', '.join(missing)}. AWS Batch and the submit function set them; "
                "for a local file use --input FILE --output DIR."
            )
        return cls(**{field: environment[name] for field, name in _NAMES.items()})

    @property
    def attempt(self) -> str:
        """Identity of this attempt, unique over retries and repeated submissions."""
        return f"{self.job_id}-{self.job_attempt}"

    @property
    def prefix(self) -> str:
        """Where this attempt, and nobody else, writes its objects."""
        return f"attempts/{self.batch_id}/{self.attempt}/"

    @property
    def manifest_key(self) -> str:
        """The one object that says which attempt's results count."""
        return f"manifests/{self.batch_id}.json"
