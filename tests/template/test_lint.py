"""cfn-lint finds nothing in the template under either environment's values, but what is explained here."""

import pytest
from cfnlint.config import ConfigMixIn
from cfnlint.runner import Runner

from .conftest import ENVIRONMENTS

EXPLAINED = {
    ("W3002", "SubmitFunction"): "the code is a local folder: `aws cloudformation package` uploads it",
    ("W3002", "MonitorFunction"): "likewise",
    ("W3002", "NotificationFunction"): "likewise",
}
"""Findings that stay, errors, warnings and informational ones alike: (rule, logical id) -> why."""


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_clean_but_for_what_is_explained(path, monkeypatch):
    monkeypatch.chdir(path.parents[2])
    arguments = ["--deployment-files", str(path.relative_to(path.parents[2])), "--include-checks", "I"]
    found = {}
    for match in Runner(ConfigMixIn(arguments)).run():
        where = match.path[1] if match.path and len(match.path) > 1 else match.filename
        found[match.rule.id, where] = f"{match.filename}:{match.linenumber} {match.message}"
    assert found.keys() == EXPLAINED.keys(), found
