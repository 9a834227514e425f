from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from stackproof.engines.checkov import CheckovEngine
from stackproof.engines.protocol import Subject
from stackproof.template.expand import expand
from stackproof.template.read import source
from stackproof.template.render import render

POLICIES = Path(__file__).parents[3] / "policies"
CUSTOM = tuple(f"CKV_STACKPROOF_{path.stem.upper()}" for path in sorted((POLICIES / "checkov_checks").glob("[!_]*.py")))


@pytest.fixture(scope="session")
def engine() -> Iterator[CheckovEngine]:
    """checkov itself, one worker for all that ask the same rules."""
    with CheckovEngine().session() as engine:
        yield engine


@pytest.fixture(scope="session")
def thresholds() -> Mapping[str, Any]:
    return yaml.safe_load((POLICIES / "thresholds.yaml").read_text(encoding="utf-8"))


def subject(text: str, key: str = "one") -> Subject:
    """A template with one variant."""
    (template,) = expand(source(text, f"{key}.yaml"))
    return Subject(key=key, template=template, rendered=render(template))
