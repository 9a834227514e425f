"""The template as plain data: long-form intrinsics, environments as mappings."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.decode import decode

TEMPLATE = Path(__file__).parents[2] / "template"
ENVIRONMENTS = sorted((TEMPLATE / "environments").glob("*.yaml"))


@pytest.fixture(scope="session")
def stack() -> dict[str, Any]:
    template, problems = decode(str(TEMPLATE / "stack.yaml"))
    assert not problems
    assert isinstance(template, dict)
    return template


@pytest.fixture(scope="session")
def resources(stack: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return stack["Resources"]


@pytest.fixture(params=ENVIRONMENTS, ids=lambda path: path.stem)
def environment(request: pytest.FixtureRequest) -> dict[str, Any]:
    return yaml.safe_load(request.param.read_text(encoding="utf-8"))
