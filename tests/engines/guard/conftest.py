from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from stackproof.engines import setup
from stackproof.engines.guard import GuardEngine
from stackproof.engines.protocol import Subject
from stackproof.template.expand import expand
from stackproof.template.read import source
from stackproof.template.render import render

POLICIES = Path(__file__).parents[3] / "policies"
RULES = tuple(sorted(path.stem for path in (POLICIES / "guard").glob("*.guard")))


@pytest.fixture(scope="session")
def binary() -> Path:
    return setup.ensure("cfn-guard").path


@pytest.fixture(scope="session")
def engine(binary: Path) -> GuardEngine:
    return GuardEngine(binary)


@pytest.fixture(scope="session")
def thresholds() -> Mapping[str, Any]:
    return yaml.safe_load((POLICIES / "thresholds.yaml").read_text(encoding="utf-8"))


def subject(text: str, key: str = "one") -> Subject:
    """A template with one variant."""
    (template,) = expand(source(text, f"{key}.yaml"))
    return Subject(key=key, template=template, rendered=render(template))


def rendered_subject(base: Subject, key: str, rendered: Any) -> Subject:
    """A subject whose rendered form was changed."""
    return Subject(key=key, template=base.template, rendered=rendered)
