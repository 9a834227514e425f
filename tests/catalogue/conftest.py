"""A small, whole policies folder, for tests to spoil."""

from collections.abc import Callable
from pathlib import Path

import pytest

CONTROLS = """\
excluded:
  - rule: "cfn-lint:W3002"
    reason: Local code before packaging.

controls:
  - id: recovery-versioning
    title: Buckets are versioned
    area: recovery
    severity: high
    why: Overwritten objects are lost.
    fix: Set VersioningConfiguration.
    rules: ["cfn-guard:s3_versioning"]
    frameworks:
      soc2-tsc: ["A1.2"]

  - id: lint-template
    title: The template is valid
    area: lint
    severity: medium
    why: It would not deploy.
    fix: Do what the message says.
    rules: ["cfn-lint:E", "cfn-lint:W"]
    frameworks: {}

  - id: resilience-runtimes
    title: Runtimes are supported
    area: resilience
    severity: medium
    why: No patches.
    fix: Set Runtime.
    rules: ["cfn-lint:E2531", "cfn-lint:E25"]
    frameworks: {}
"""
FRAMEWORKS = """\
frameworks:
  soc2-tsc:
    label: SOC 2
    name: Trust Services Criteria
    version: "2017"
    source: a list
    requirements:
      "A1.2": Backups
"""
THRESHOLDS = """\
recovery:
  pitr_window_days: 35
  archive_names: "(?i)archive"
"""
GUARD_RULE = """\
rule s3_versioning when Resources exists {
    Resources exists
}
"""
GUARD_CASES = """\
rule: s3_versioning
good: {enabled: {Resources: {}}}
bad: {suspended: {template: {Resources: {A: !Ref B}}, at: [Bucket]}}
not_applicable: {no_bucket: {Resources: {}}}
"""


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A whole policies folder with three controls."""
    folder = tmp_path / "policies"
    (folder / "guard").mkdir(parents=True)
    (folder / "controls.yaml").write_text(CONTROLS)
    (folder / "frameworks.yaml").write_text(FRAMEWORKS)
    (folder / "thresholds.yaml").write_text(THRESHOLDS)
    (folder / "guard" / "s3_versioning.guard").write_text(GUARD_RULE)
    (folder / "guard" / "s3_versioning.yaml").write_text(GUARD_CASES)
    return folder


@pytest.fixture
def spoil(policies: Path) -> Callable[[str, str, str], Path]:
    """Replace one text in one file of the folder."""

    def replace(file: str, old: str, new: str) -> Path:
        path = policies / file
        before = path.read_text()
        assert before.count(old) == 1, f"{old!r} stands {before.count(old)} times in {file}"
        path.write_text(before.replace(old, new))
        return policies

    return replace
